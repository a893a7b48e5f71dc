/** The C library of this machine, loaded once. */
import { loadLibc, type Libc } from "../../../../src/adapters/real/libc.js";

function load(): Libc {
  const loaded = loadLibc();
  if (!loaded.ok) throw new Error(loaded.because);
  return loaded.libc;
}

export const realLibc = load();
