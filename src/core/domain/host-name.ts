import { parseIp } from "./ip-address.js";

/** RFC 1123, plus the underscores that people use. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62}(?<!-))?(\.[a-z0-9_]([a-z0-9_-]{0,62}(?<!-))?)*\.?$/;

/** Whether the text, in lower case, can be a host name. An IP address is not a host name. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && parseIp(text) === undefined;
}
