/** Every oracle, in the order in which they watch. */
import { boundedWork } from "./bounded-work.js";
import { excludedNeverConnected } from "./excluded.js";
import { foreignDelete } from "./foreign-delete.js";
import { lastPath } from "./last-path.js";
import { noAmbientInput, noCrash } from "./no-crash.js";
import { noOrphan } from "./no-orphan.js";
import { noSecret } from "./no-secret.js";
import { noSwap } from "./no-swap.js";
import { oneConnection } from "./one-connection.js";
import type { Oracle } from "./oracle.js";
import { settles } from "./settles.js";
import { wantedDisconnect } from "./wanted-disconnect.js";
import { wantedServed } from "./wanted-served.js";

export const ORACLES: readonly Oracle[] = [
  noCrash,
  noAmbientInput,
  foreignDelete,
  wantedDisconnect,
  lastPath,
  noSwap,
  oneConnection,
  noOrphan,
  noSecret,
  wantedServed,
  settles,
  excludedNeverConnected,
  boundedWork,
];
