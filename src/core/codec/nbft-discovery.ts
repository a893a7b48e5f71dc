/** Discovery descriptors of an NVMe Boot Firmware Table (Boot Specification, 3.1.2.7). */
import type { NbftDiscoveryController } from "../domain/nbft.js";
import { NQN_BYTES_MAX } from "../domain/nqn.js";
import type { NbftDescriptor } from "./nbft-descriptor.js";
import { NBFT_STRUCTURE } from "./nbft-structures.js";
import { NVME_URI_BYTES_MAX, parseNvmeUri } from "./nbft-uri.js";

export const DISCOVERY_BYTES = 32;

const FIELD = { structure: 0, flags: 1, index: 2, hfi: 3, security: 4, uri: 6, nqn: 12 } as const;
const VALID = 1 << 0;

/** Decodes one; `undefined` if it is marked as not valid. Throws DecodeError if its URI or NQN cannot be read. */
export function decodeDiscoveryController(discovery: NbftDescriptor): NbftDiscoveryController | undefined {
  if ((discovery.u8(FIELD.flags) & VALID) === 0) return undefined;
  if (discovery.u8(FIELD.structure) !== NBFT_STRUCTURE.discovery) discovery.fail("it has the wrong structure ID");
  const uri = discovery.text(FIELD.uri, "URI", NVME_URI_BYTES_MAX);
  return {
    index: discovery.u8(FIELD.index),
    hfi: discovery.u8(FIELD.hfi),
    securityProfile: discovery.u8(FIELD.security),
    uri: uri === "" ? undefined : parseNvmeUri(uri),
    nqn: discovery.text(FIELD.nqn, "NQN", NQN_BYTES_MAX),
  };
}
