/** D-Bus errors: their names, and what a client reads with them. */

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

/** What a client reads beside an error name that the core answered with. */
const TEXTS: ReadonlyMap<string, string> = new Map([
  [DBUS_ERROR.invalidArgs, "These arguments are not what the method takes."],
  [DBUS_ERROR.serviceUnknown, "This service does not run."],
  [DBUS_ERROR.unknownMethod, "There is no such method."],
  ["org.nvmexpress.staf.Error.NotKnown", "What was discovered is not known yet. Ask again in a few seconds."],
]);

export function errorText(name: string): string {
  return TEXTS.get(name) ?? "The call failed.";
}

const NAME_CHARS_MAX = 255;

/** The specification's grammar of error names, which is that of interface names. */
export function isErrorName(name: string): boolean {
  return name.length <= NAME_CHARS_MAX && /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$/.test(name);
}
