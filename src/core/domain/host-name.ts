import { parseIp } from "./ip-address.js";

/** RFC 1123, and the underscores that people use. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62}(?<!-))?(\.[a-z0-9_]([a-z0-9_-]{0,62}(?<!-))?)*\.?$/;

/** Whether it can be a host name, in lower case; an address is none. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && parseIp(text) === undefined;
}
