/** D-Bus errors: their names, and the texts that clients read with them. */

export const DBUS_ERROR = {
  accessDenied: "org.freedesktop.DBus.Error.AccessDenied",
  disconnected: "org.freedesktop.DBus.Error.Disconnected",
  failed: "org.freedesktop.DBus.Error.Failed",
  fileNotFound: "org.freedesktop.DBus.Error.FileNotFound",
  invalidArgs: "org.freedesktop.DBus.Error.InvalidArgs",
  invalidSignature: "org.freedesktop.DBus.Error.InvalidSignature",
  limitsExceeded: "org.freedesktop.DBus.Error.LimitsExceeded",
  nameHasNoOwner: "org.freedesktop.DBus.Error.NameHasNoOwner",
  noReply: "org.freedesktop.DBus.Error.NoReply",
  serviceUnknown: "org.freedesktop.DBus.Error.ServiceUnknown",
  unknownInterface: "org.freedesktop.DBus.Error.UnknownInterface",
  unknownMethod: "org.freedesktop.DBus.Error.UnknownMethod",
  unknownObject: "org.freedesktop.DBus.Error.UnknownObject",
  unknownProperty: "org.freedesktop.DBus.Error.UnknownProperty",
} as const;

/** What to do when the bus refuses a request of ours. Ends a log line. */
export const POLICY_ADVICE = "check the policy and the limits of the bus, then restart this daemon";

/** The texts that go with the errors of the core. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  [DBUS_ERROR.invalidArgs, "The method does not accept these arguments."],
  [DBUS_ERROR.serviceUnknown, "This service is not running."],
  [DBUS_ERROR.unknownMethod, "There is no such method."],
  ["org.nvmexpress.staf.Error.NotKnown", "The discovery results are not known yet. Ask again in a few seconds."],
]);

/** The text that a client reads with an error. */
export function errorText(name: string): string {
  return TEXTS.get(name) ?? "The call failed.";
}

const NAME_CHARS_MAX = 255;

/** Whether the specification allows this error name. Its grammar is the one of interface names. */
export function isErrorName(name: string): boolean {
  return name.length <= NAME_CHARS_MAX && /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$/.test(name);
}
