/**
 * Security profiles of an NVMe Boot Firmware Table (Boot Specification, 3.1.2.6). The path to the secret never becomes a
 * value: it can hold credentials.
 */
import type { NbftPolicy, NbftRequirement, NbftSecurityProfile } from "../domain/nbft.js";
import type { NbftDescriptor } from "./nbft-descriptor.js";
import { NBFT_STRUCTURE, twoBits } from "./nbft-structures.js";

export const SECURITY_BYTES = 64;

const FIELD = {
  structure: 0,
  index: 1,
  flags: 2,
  secretType: 4,
  channelAlgorithms: 6,
  protocols: 12,
  cipherSuites: 18,
  dhGroups: 24,
  hashFunctions: 30,
  secretKeypath: 36,
} as const;

const VALID = 1 << 0;
const AUTHENTICATION_SHIFT = 1;
const AUTHENTICATION_POLICY_SHIFT = 3;
const CHANNEL_SHIFT = 5;
const CHANNEL_POLICY_SHIFT = 7;
const CIPHER_SUITES = 1 << 9;
const DH_GROUPS = 1 << 10;
const HASH_FUNCTIONS = 1 << 11;

const REQUIREMENTS = ["not-supported", "not-required", "required", "reserved"] as const satisfies NbftRequirement[];
const POLICIES = ["none", "driver", "administrator", "reserved"] as const satisfies NbftPolicy[];

/** Decodes one; `undefined` if it is marked as not valid. Lists that no flag announces are not read. */
export function decodeSecurityProfile(security: NbftDescriptor): NbftSecurityProfile | undefined {
  const flags = security.u16(FIELD.flags);
  if ((flags & VALID) === 0) return undefined;
  if (security.u8(FIELD.structure) !== NBFT_STRUCTURE.security) security.fail("it has the wrong structure ID");
  const listWhere = (announced: boolean, offset: number, field: string): readonly number[] =>
    announced ? security.list(offset, field) : [];
  const authenticationPolicy = POLICIES[twoBits(flags, AUTHENTICATION_POLICY_SHIFT)];
  const secureChannelPolicy = POLICIES[twoBits(flags, CHANNEL_POLICY_SHIFT)];
  return {
    index: security.u8(FIELD.index),
    authentication: REQUIREMENTS[twoBits(flags, AUTHENTICATION_SHIFT)],
    authenticationPolicy,
    authenticationProtocols: listWhere(
      authenticationPolicy !== "none",
      FIELD.protocols,
      "list of authentication protocols",
    ),
    secureChannel: REQUIREMENTS[twoBits(flags, CHANNEL_SHIFT)],
    secureChannelPolicy,
    secureChannelAlgorithms: listWhere(
      secureChannelPolicy !== "none",
      FIELD.channelAlgorithms,
      "list of secure channel algorithms",
    ),
    cipherSuites: listWhere((flags & CIPHER_SUITES) !== 0, FIELD.cipherSuites, "list of cipher suites"),
    dhGroups: listWhere((flags & DH_GROUPS) !== 0, FIELD.dhGroups, "list of DH groups"),
    hashFunctions: listWhere((flags & HASH_FUNCTIONS) !== 0, FIELD.hashFunctions, "list of hash functions"),
    secretType: security.u8(FIELD.secretType),
    hasSecretKeypath: security.hasObject(FIELD.secretKeypath, "path to the secret"),
  };
}
