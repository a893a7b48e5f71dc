/** Measured facts: the fabrics device, failed connects, sysfs. */
import { fact, missing } from "./fact.js";
import type { Fact } from "./fact.js";

const RECORDED = "$kernel: $text";
const TABLE = "$version: $what";

const OPTION_LINE = "the option line matches the logs; 5.14 has none";

export const FABRICS_DEVICE: readonly Fact[] = [
  missing(
    "device-1",
    "the device node has mode 0600",
    "the daemon runs as root, and permissions belong to the real adapter",
  ),
  fact("device-2", "a fresh read returns one line of options", "connect", OPTION_LINE, ["6.1", "6.12"]),
  fact("device-3", "6.1 lacks keyring, tls_key and tls in it", "connect", OPTION_LINE, ["6.1"]),
  fact(
    "device-4",
    "a write of k=v pairs and a read return instance and cntlid, in 15 to 274 ms",
    "connect",
    "a connect takes 38 ms alone; 150 connects take 3.6 s four at a time, 5.8 s one at a time",
  ),
  missing(
    "device-5",
    "after a failed write the same descriptor reads the option line",
    "the port makes one write on a descriptor of its own",
  ),
  missing("device-6", "a second write after success is EINVAL", "the port makes one write on a descriptor of its own"),
  fact(
    "device-7",
    "the controller outlives the descriptor",
    "connect",
    "instance and cntlid are the lowest free numbers, so they are reused",
  ),
  fact(
    "device-8",
    "instance and cntlid are the lowest free numbers",
    "connect",
    "instance and cntlid are the lowest free numbers, so they are reused",
  ),
  fact("device-9", "the last value of a repeated key wins", "connect", RECORDED),
  fact("device-10", "the default trsvcid is 8009, for I/O NQNs too", "connect", RECORDED),
  fact("device-11", "a trailing newline is accepted", "connect", RECORDED),
  fact("device-12", "the write blocks 3.1 s without an ARP answer, 10.2 s on a silent peer", "connect", TABLE),
  fact(
    "device-13",
    "connects are serialised host-wide: behind two silent peers a good connect took 20 s",
    "connect",
    "connects are serialised: behind two silent peers a good one takes 20 s, a delete 26 ms",
  ),
  fact(
    "device-14",
    "a read of the option line waits behind them",
    "connect",
    "a read of the option line waits behind a connect to a silent peer",
  ),
  fact(
    "device-15",
    "a delete meanwhile took 26 ms",
    "connect",
    "connects are serialised: behind two silent peers a good one takes 20 s, a delete 26 ms",
  ),
  fact(
    "device-16",
    "a number is not reused while an old /dev/nvmeN is open",
    "connect",
    "a number is not reused while an old device is open, and old handles never reach the new controller",
  ),
  fact(
    "device-17",
    "a write on an old delete_controller descriptor is ENODEV",
    "connect",
    "a number is not reused while an old device is open, and old handles never reach the new controller",
    ["6.12"],
  ),
];

export const CONNECT_ERRORS: readonly Fact[] = [
  fact(
    "errno-1",
    "a string that the kernel cannot parse or does not accept is EINVAL, without uevents",
    "connect",
    RECORDED,
  ),
  fact("errno-2", "a string longer than a page is ENOMEM", "connect", TABLE),
  fact("errno-3", "an unknown host_iface is ENODEV", "connect", TABLE),
  fact(
    "errno-4",
    "a duplicate is EALREADY, even while the first connects",
    "connect",
    "a duplicate is EALREADY, even while the first is connecting",
  ),
  fact(
    "errno-5",
    "a duplicate of a discovery controller with a unique NQN is EALREADY",
    "connect",
    "a connect with the well-known NQN shows the unique NQN, and a duplicate of the unique NQN is EALREADY",
  ),
  fact(
    "errno-6",
    "duplicate_connect, another host identity or the well-known NQN are accepted",
    "connect",
    "duplicate_connect, another host and the well-known NQN allow a second controller",
  ),
  fact(
    "errno-7",
    "refused, no route, host_traddr not local: ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL, with uevents",
    "connect",
    TABLE,
  ),
  fact(
    "errno-8",
    "no ARP answer, or host_iface=lo towards another interface: ETIMEDOUT after 3.1 s, with uevents",
    "connect",
    TABLE,
  ),
  fact(
    "errno-9",
    "a peer that is silent, closes, sends garbage: EAGAIN after 10.2 s, ECONNRESET, EINVAL, with uevents",
    "connect",
    TABLE,
  ),
  fact("errno-10", "subsystem absent or not on the port, host not allowed: EIO, with uevents", "connect", TABLE),
  fact("errno-11", "the discovery flag with an I/O NQN: EINVAL, with uevents", "connect", TABLE),
  fact(
    "errno-12",
    "tls without a key: ENOKEY with uevents on 6.12, EINVAL on 6.1",
    "connect",
    "tls without a key is ENOKEY with uevents on 6.12, and an unknown option on 6.1",
  ),
  fact(
    "errno-13",
    "a host id with another host NQN, or either alone: EINVAL on 6.12, accepted on 6.1",
    "connect",
    "6.12 rejects a host id with another host NQN, and either alone; 6.1 accepts them",
  ),
  fact(
    "errno-14",
    "keep_alive_tmo=0 on an I/O controller reads back 5",
    "sysfs",
    "kato is 5 on an I/O controller even if the connect says 0, and 0 on a discovery controller",
  ),
  fact(
    "errno-16",
    "the NQN of a unique discovery subsystem without the discovery flag: EINVAL, with uevents (docs/fidelity.md)",
    "connect",
    "a unique discovery NQN requires the discovery flag",
    ["6.12"],
  ),
  missing(
    "errno-15",
    "Node has no name for ENOKEY and ENETRESET",
    "errnos are numbers everywhere, except in the real adapter",
  ),
];

const LIVE_TREE = "a live discovery controller and a live I/O controller on %s (%s)";

export const SYSFS: readonly Fact[] = [
  missing(
    "sysfs-1",
    "the class directory holds links to the devices",
    "the tree is served at the path of the link, and nothing reads the other path",
  ),
  fact("sysfs-2", "every value ends in a newline", "sysfs", LIVE_TREE),
  fact("sysfs-3", "the attributes of a live discovery controller, their texts and their defaults", "sysfs", LIVE_TREE, [
    "6.1",
    "6.12",
  ]),
  missing(
    "sysfs-4",
    "delete_controller, reset_controller and rescan_controller are write-only",
    "deletes go through handles, resets are steps of a scenario, and nothing rescans",
  ),
  fact("sysfs-5", "6.12 adds the dhchap attributes and passthru_err_log_enabled", "sysfs", LIVE_TREE, ["6.12"]),
  fact("sysfs-6", "the uevent attribute repeats the properties", "sysfs", LIVE_TREE),
  fact("sysfs-7", "an I/O controller has cntrltype io, kato 5, and queue_count 1 + its queues", "sysfs", LIVE_TREE),
  missing("sysfs-8", "an I/O controller has a child directory per namespace path", "no decision reads it"),
  fact(
    "sysfs-9",
    "the full address lists host_traddr, host_iface, src_addr in this order",
    "sysfs",
    "the address lists its parts in the kernel's order (6.12-cloud.s5)",
  ),
  fact(
    "sysfs-10",
    "src_addr is absent while a controller is not connected",
    "sysfs",
    "a connecting controller shows no src_addr (6.12-cloud.s4)",
  ),
  fact(
    "sysfs-11",
    "ctrl_loss_tmo reads back as whole attempts, off or 0",
    "sysfs",
    "sysfs shows ctrl_loss_tmo in whole attempts: `%s` as %s",
  ),
  missing(
    "sysfs-12",
    "nvme-subsystem has subsysnqn, subsystype, iopolicy and links",
    "no decision reads it; its uevents are modelled",
  ),
  fact(
    "sysfs-13",
    "each discovery controller has its own subsystem",
    "sysfs",
    "each discovery controller with the well-known NQN has its own subsystem",
  ),
  fact(
    "sysfs-14",
    "a connect with the well-known NQN shows a unique discovery NQN",
    "connect",
    "a connect with the well-known NQN shows the unique NQN, and a duplicate of the unique NQN is EALREADY",
    ["6.12"],
  ),
  fact(
    "sysfs-15",
    "opening /dev/nvmeN while connecting is EAGAIN",
    "admin",
    "opening a connecting controller is EAGAIN, a missing one ENOENT",
  ),
  fact(
    "sysfs-16",
    "an ioctl on a deleted controller is ENODEV",
    "admin",
    "an ioctl on a deleted controller is ENODEV, even if its number is in use again",
  ),
  fact(
    "sysfs-17",
    "a blocked ioctl on a link that dies is EINTR after 6.9 s with kato 5",
    "lifecycle",
    "a blocked ioctl ends with EINTR 0.4 s after the host noticed the loss (6.12-cloud.s7)",
    ["6.12"],
  ),
  fact(
    "sysfs-19",
    "on 6.1 it lasts until it times out, then ends with status 0x371 (docs/fidelity.md)",
    "lifecycle",
    "on 6.1 a blocked ioctl lasts until it times out, and its controller does not reconnect before",
    ["6.1"],
  ),
  fact(
    "sysfs-18",
    "until the first connect has ended, subsysnqn shows (efault) and cntrltype reserved (docs/fidelity.md)",
    "sysfs",
    "attributes fill in after the `add`: when the connect ends, or later if a scenario says so",
  ),
];
