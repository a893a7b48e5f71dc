/** The keys of DH-HMAC-CHAP that a target knows. */
import { optional, required } from "../members.js";
import { titled } from "../part.js";
import { text } from "../parts/scalars.js";
import { record } from "../record.js";

const key = text("a key as nvme gen-dhchap-key prints it: DHHC-1:...", {
  pattern: /^DHHC-1:0[0-3]:[A-Za-z0-9+/]+={0,2}:$/,
  arbitrary: (fc) => fc.constantFrom("DHHC-1:00:a2V5a2V5a2V5:", "DHHC-1:01:b3RoZXJvdGhlcg==:"),
});

/** A target without keys authenticates no host. */
export const dhchapKeys = titled(
  "dhchapKeys",
  "DH-HMAC-CHAP: a connect without the right key fails (6.12: ENOKEY without a key, EKEYREJECTED with another; 6.1: EIO, " +
    "ECONNREFUSED).",
  record({
    secret: required(key, "The key of the host."),
    "ctrl-secret": optional(key, "The key of the target, which a host may ask it to prove."),
  }),
);
