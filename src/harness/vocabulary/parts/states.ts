/** States and actors that several words share. */
import { choice } from "./scalars.js";
import { titled } from "../part.js";

export const service = choice(["staf", "stac"]);

export const processTarget = choice(["staf", "stac", "both"]);

export const upDown = choice(["up", "down"]);

export const linkState = titled(
  "linkState",
  "down fails loudly (no route); silent loses every packet.",
  choice(["up", "down", "silent"]),
);

export const listenerState = titled(
  "listenerState",
  "How a listening address treats a TCP connection: silent accepts it and says nothing, closes ends it, garbage answers " +
    "with something other than NVMe/TCP, unreachable never answers.",
  choice(["up", "refuses", "silent", "closes", "garbage", "unreachable"]),
);

export const madeBy = titled(
  "madeBy",
  "Who wrote the connect string.",
  choice(["stas", "nvme-cli", "administrator", "nbft", "bios"]),
);
