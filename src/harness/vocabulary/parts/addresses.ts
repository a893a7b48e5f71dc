/** Addresses, NQNs, paths. */
import { isIP, isIPv6 } from "node:net";
import { type Part, titled } from "../part.js";
import { line, text } from "./scalars.js";

/** Whether a text is an IP address, without a scope. */
export function isAddress(value: string): boolean {
  return isIP(value) !== 0 && !value.includes("%");
}

function isPrefixed(value: string): boolean {
  const slash = value.indexOf("/");
  const ip = value.slice(0, slash);
  return isAddress(ip) && Number(value.slice(slash + 1)) <= (isIPv6(ip) ? 128 : 32);
}

const FC_ADDRESS = /^nn-0x[0-9a-fA-F]{16}:pn-0x[0-9a-fA-F]{16}$/;

/** An IP address, without a scope. */
export const address: Part<string> = text("an IP address without a scope", {
  pattern: /^[0-9a-fA-F.:]+$/,
  accepts: isAddress,
  arbitrary: (fc) => fc.oneof(fc.ipV4(), fc.ipV6()),
});

/** A source address of any transport. */
export const hostAddress: Part<string> = text(
  "an IP address without a scope, or a Fibre Channel address (nn-0x...:pn-0x...)",
  {
    pattern: /^[0-9a-fA-Fnpx.:-]+$/,
    accepts: (value) => isAddress(value) || FC_ADDRESS.test(value),
    arbitrary: (fc) => fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(FC_ADDRESS)),
  },
);

/** Where a peer of any transport listens. */
export const anyTransportAddress: Part<string> = {
  ...line("a transport address"),
  arbitrary: (fc, cast) => hostAddress.arbitrary(fc, cast),
};

/** An IP address with its prefix length. */
export const prefixedAddress: Part<string> = titled(
  "prefixedAddress",
  "An address of the host, or a destination.",
  text("an IP address with its prefix length, such as 192.168.1.10/24", {
    pattern: /^[0-9a-fA-F.:]+\/[0-9]{1,3}$/,
    accepts: isPrefixed,
    arbitrary: (fc) =>
      fc.oneof(
        fc.tuple(fc.ipV4(), fc.nat(32)).map(([ip, bits]) => `${ip}/${String(bits)}`),
        fc.tuple(fc.ipV6(), fc.nat(128)).map(([ip, bits]) => `${ip}/${String(bits)}`),
      ),
  }),
);

/** A MAC address, lower case. */
export const mac: Part<string> = text("a MAC address such as 02:00:00:00:00:01", {
  pattern: /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/,
  arbitrary: (fc) => fc.stringMatching(/^02(:[0-9a-f]{2}){5}$/),
});

/** An NVMe qualified name. */
export const nqn: Part<string> = titled(
  "nqn",
  "NVMe Qualified Name.",
  text("an NQN, which begins with nqn. and has at most 223 characters", {
    pattern: /^nqn\.[^\s,]{1,219}$/,
    arbitrary: (fc) => fc.stringMatching(/^nqn\.2023-01\.[a-z]{1,9}:[a-z0-9]{1,20}$/),
  }),
);

/** An absolute path of the simulated host. */
export const path: Part<string> = titled(
  "path",
  "Absolute path in the simulated host.",
  text("an absolute path without . or .. parts", {
    pattern: /^(\/(?!\.{1,2}(\/|$))[^/\0]+)+$/,
    arbitrary: (fc) => fc.constantFrom("/etc/stas/stafd.conf", "/run/stafd/last known", "/x/..y/é"),
  }),
);

/** Bytes in hex, at most `max` of them. */
export function hexBytes(expected: string, max?: number): Part<string> {
  return text(expected, {
    pattern: max === undefined ? /^(?:[0-9a-f]{2})*$/ : new RegExp(`^([0-9a-f]{2}){0,${String(max)}}$`),
    arbitrary: (fc) => fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("hex")),
  });
}
