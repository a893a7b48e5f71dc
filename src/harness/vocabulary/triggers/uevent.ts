import { optional, spread } from "../members.js";
import { choice, line } from "../parts/scalars.js";
import { record } from "../record.js";
import { nth, trigger } from "./happening.js";

const uevent = record({
  action: optional(choice(["add", "change", "remove"])),
  device: optional(line("a device name")),
  event: optional(line("an NVME_EVENT"), "connected, rediscover, or an NVME_AEN such as 0x70f002."),
});

/** Action and device of a header `add@/devices/virtual/nvme-fabrics/ctl/nvme0`. */
function readHeader(header: string): { readonly action: string; readonly device: string } {
  return { action: header.slice(0, header.indexOf("@")), device: header.slice(header.lastIndexOf("/") + 1) };
}

export const ueventTrigger = trigger({
  key: "uevent",
  describe: "A uevent of a controller leaves the kernel. An absent key matches any value.",
  example: "{ uevent: { action: change, event: rediscover }, nth: 2 }",
  says: record({ uevent: spread(uevent), nth }),
  awaits: ({ event }) => (event === undefined ? "uevent-sent" : "uevent-received"),
  meets: ({ action, device, event }, happening) => {
    const sent = readHeader(happening.header);
    if (!/^nvme\d+$/.test(sent.device)) return false;
    if (action !== undefined && sent.action !== action) return false;
    if (device !== undefined && sent.device !== device) return false;
    if (event === undefined || happening.kind === "uevent-sent") return true;
    return happening.fields.includes(`NVME_EVENT=${event}`) || happening.fields.includes(`NVME_AEN=${event}`);
  },
});
