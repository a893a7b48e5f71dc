/** Measured facts: admin commands, uevents, loss and deletion. Also facts that were not measured. */
import { fact, missing } from "./fact.js";
import type { Fact } from "./fact.js";

const REPLAY = "reconnects and removals on %s (%s)";
const OPTION_LINE = "the option line matches the logs; 5.14 has none";

const PAGE = "the page matches 6.12-cloud.s1, byte for byte";
const STATUSES = "on a plain target log pages 0x00, 0x02 and 0x71 return 0x6002, and DIM 0x6001";

export const ADMIN: readonly Fact[] = [
  fact("admin-1", "a port lists itself, its subsystems and its referrals", "admin", PAGE),
  fact("admin-2", "the layout of header and entries, and the bytes they start with", "admin", PAGE),
  fact(
    "admin-3",
    "a referral's treq is 0; other vendors pad with spaces",
    "admin",
    "PLEO limits the page to the address that it is read through; NCC and padding reach the wire",
  ),
  fact(
    "admin-4",
    "lsp is ignored, offsets and short reads work",
    "admin",
    "short reads, offsets and lsp work as in 6.12-cloud.s1",
  ),
  fact("admin-5", "log pages 0x00, 0x02, 0x71 are 0x6002", "admin", STATUSES),
  fact("admin-6", "a registration (DIM) is 0x6001", "admin", STATUSES),
  missing(
    "admin-7",
    "the number and the struct of NVME_IOCTL_ADMIN_CMD",
    "it belongs to the real adapter: the port carries the command as a record",
  ),
  fact("admin-8", "an ioctl returns the positive NVMe status, or an errno", "admin", STATUSES),
  fact(
    "admin-9",
    "Identify shows cntrltype 2, oaes 0x80000000, dctype",
    "admin",
    "Identify distinguishes discovery and I/O controllers",
  ),
];

export const UEVENTS: readonly Fact[] = [
  fact("uevent-1", "NUL-separated with a trailing NUL, texts and order as recorded", "uevents", REPLAY),
  missing(
    "uevent-2",
    "sender pid 0, kernel group 1",
    "the real adapter checks the sender; the port carries only the message",
  ),
  fact(
    "uevent-3",
    "add comes before the TCP connect",
    "connect",
    "add precedes the TCP connect, and a connect sends remove when it fails",
  ),
  fact(
    "uevent-4",
    "the attributes are not filled in at the add",
    "sysfs",
    "attributes fill in after the `add`: when the connect ends, or later if a scenario says so",
  ),
  fact("uevent-5", "the subsystem's add follows", "uevents", REPLAY),
  fact(
    "uevent-6",
    "connected may come before or after the write returns",
    "connect",
    "`connected` may come after the write returned, but only with jitter",
  ),
  fact(
    "uevent-7",
    "an AEN is the same change with NVME_AEN=0x70f002",
    "admin",
    "are masked after the first, until a read with RAE=0 (6.12-cloud.s2)",
  ),
  fact("uevent-8", "reconnect or reset of a discovery controller: rediscover, then connected", "uevents", REPLAY),
  fact(
    "uevent-9",
    "an I/O controller sends only connected",
    "lifecycle",
    "the next attempt succeeds: a DC sends `rediscover`, then `connected`, an I/O controller only `connected`",
  ),
  fact(
    "uevent-10",
    "nothing announces that a controller leaves live",
    "lifecycle",
    "nothing announces that a controller leaves live",
  ),
  fact("uevent-11", "remove has the text of the add, for a delete and for an expiry", "uevents", REPLAY),
  fact(
    "uevent-12",
    "I/O controllers send bdi, block and generic adds after connected",
    "uevents",
    "bdi, block and generic follow `connected` on an I/O connect (6.12-cloud.s1)",
  ),
  fact(
    "uevent-13",
    "and the removes in reverse before their own remove",
    "uevents",
    "a delete removes generic, bdi, block, controller and subsystem, in this order (6.12-cloud.s1)",
  ),
  fact(
    "uevent-14",
    "after one AEN the next waits for a read with RAE=0",
    "admin",
    "are masked after the first, until a read with RAE=0 (6.12-cloud.s2)",
  ),
  fact(
    "uevent-15",
    "AENs for link, unlink, access rights, referrals; not for other ports, hidden subsystems",
    "admin",
    "report access rights and referrals, but not other ports or hidden subsystems",
  ),
  missing("uevent-16", "no AEN for namespace changes", "the namespaces of a subsystem do not change in a scenario"),
  fact(
    "uevent-17",
    "a discovery controller with kato 0 gets AENs",
    "admin",
    "reach every discovery controller, even with kato 0",
  ),
  missing("uevent-18", "udev's own messages on group 2", "the daemon listens only to the kernel's group"),
];

export const LOSS: readonly Fact[] = [
  fact(
    "loss-1",
    "a port goes away: live, resetting for ms, connecting, attempts, deleting (no IO), removal",
    "lifecycle",
    "resets the controller within ms, tries once per reconnect_delay, then removes it (6.12-cloud.s4)",
  ),
  fact(
    "loss-2",
    "a rejected reconnect: 6.12 removes at the first attempt, 6.1 uses up all attempts",
    "lifecycle",
    "after a rejected reconnect %s removes the controller as %s after %i ms",
    ["6.1", "6.12"],
  ),
  fact(
    "loss-3",
    "ctrl_loss_tmo counts attempts; ten on a dead link took 39 s",
    "lifecycle",
    "ctrl_loss_tmo counts attempts: 10 attempts on a dead link take 39 s (6.12-cloud.s7)",
    ["6.12"],
  ),
  fact("loss-4", "ctrl_loss_tmo=0 removes at once", "lifecycle", "ctrl_loss_tmo=0 removes at once, -1 retries forever"),
  fact(
    "loss-5",
    "silent loss with kato 5: noticed after 6.8 s, connecting after 7.7 to 9.5 s",
    "lifecycle",
    "kato 5: noticed after 5 to 7.5 s, connecting 0.9 s later, 2.5 s later with two I/O queues (6.12-cloud.s5)",
    ["6.12"],
  ),
  fact(
    "loss-6",
    "on 6.1 resetting lasts 8.2 s after a silent loss",
    "lifecycle",
    "6.1 takes 8.2 s from resetting to connecting (6.1-cloud.s5)",
    ["6.1"],
  ),
  fact(
    "loss-7",
    "a delete takes 9 to 141 ms, about 100 ms while connecting",
    "lifecycle",
    "take 10 to 120 ms on a live controller, 100 ms on a connecting one",
  ),
  fact(
    "loss-8",
    "a delete takes 63 s on a live controller with a dead link",
    "lifecycle",
    "take 63 s on a live controller with a dead link, but remove its disks at once (6.12-cloud.s7)",
    ["6.12"],
  ),
  fact(
    "loss-9",
    "a second delete at the same time is ENODEV, a later one ENOENT",
    "lifecycle",
    "fail with ENODEV during another delete, and find nothing after it",
  ),
  missing(
    "loss-10",
    "a failed reset returns errno 102",
    "the daemon never writes to reset_controller; its effect on the controller is modelled",
  ),
  fact(
    "loss-11",
    "a reset that the target rejects removes on 6.12, uses up the attempts on 6.1",
    "lifecycle",
    "after a reset that the target rejects, %s ends as %s (6.12-cloud.s4, case 8)",
    ["6.1", "6.12"],
  ),
  missing(
    "loss-12",
    "libuv has four pool threads",
    "they belong to the real adapter; the simulated kernel has no threads",
  ),
  missing(
    "loss-13",
    "a port listens only while a subsystem is linked, and drops its discovery controllers with the last subsystem",
    "a scenario sets the state of each listener; `listener` steps do both",
  ),
];

export const UNMEASURED: readonly Fact[] = [
  fact("history-1", "before 5.17 the option line cannot be read", "connect", OPTION_LINE, ["5.14"]),
  fact(
    "history-2",
    "before 5.18 there is no cntrltype, before 6.1 no src_addr",
    "sysfs",
    "5.14 has no controller type and no src_addr",
    ["5.14"],
  ),
  missing(
    "history-3",
    "real fc and rdma hardware",
    "never measured: such a controller behaves like one over tcp, without IP rules",
  ),
  missing(
    "history-4",
    "DH-HMAC-CHAP on the target",
    "only the format of a secret is checked, and no secret is rejected",
  ),
  missing(
    "history-5",
    "a change of ctrl_loss_tmo, reconnect_delay or fast_io_fail_tmo through sysfs",
    "the daemon never writes them",
  ),
];
