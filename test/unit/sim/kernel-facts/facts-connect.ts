/** Measured: the fabrics device, connects that fail, sysfs. */
import { fact, missing } from "./fact.js";
import type { Fact } from "./fact.js";

const RECORDED = "$kernel: $text";
const TABLE = "$version: $what";

const OPTION_LINE = "the option line is the one of the logs; 5.14 has none";

export const FABRICS_DEVICE: readonly Fact[] = [
  missing(
    "device-1",
    "the device node has mode 0600",
    "the daemon runs as root, and permissions are the real adapter's",
  ),
  fact("device-2", "a fresh read gives one line of options", "connect", OPTION_LINE, ["6.1", "6.12"]),
  fact("device-3", "6.1 lacks keyring, tls_key and tls in it", "connect", OPTION_LINE, ["6.1"]),
  fact(
    "device-4",
    "a write of k=v pairs and a read give instance and cntlid, in 15 to 274 ms",
    "connect",
    "a connect takes 38 ms alone, and 150 of them 3.6 s at four at a time, 5.8 s one at a time",
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
    "instance and cntlid are the lowest free, hence reused",
  ),
  fact(
    "device-8",
    "instance and cntlid are the lowest free numbers",
    "connect",
    "instance and cntlid are the lowest free, hence reused",
  ),
  fact("device-9", "of a repeated key the last wins", "connect", RECORDED),
  fact("device-10", "the default trsvcid is 8009, for I/O NQNs too", "connect", RECORDED),
  fact("device-11", "a trailing newline is accepted", "connect", RECORDED),
  fact("device-12", "the write blocks 3.1 s without an ARP answer, 10.2 s on a silent peer", "connect", TABLE),
  fact(
    "device-13",
    "connects are serialised host-wide: behind two silent peers a good one took 20 s",
    "connect",
    "connects are serialised: behind two silent peers a good one takes 20 s, a delete 26 ms",
  ),
  fact(
    "device-14",
    "reading the option line waits behind them",
    "connect",
    "reading the option line waits behind a connect to a silent peer",
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
    "a number is not reused while an old device is open, and old handles never hit the new one",
  ),
  fact(
    "device-17",
    "a write on an old delete_controller descriptor is ENODEV",
    "connect",
    "a number is not reused while an old device is open, and old handles never hit the new one",
    ["6.12"],
  ),
];

export const CONNECT_ERRORS: readonly Fact[] = [
  fact(
    "errno-1",
    "what the kernel cannot read or does not accept in the string is EINVAL, without uevents",
    "connect",
    RECORDED,
  ),
  fact("errno-2", "a string longer than a page is ENOMEM", "connect", TABLE),
  fact("errno-3", "an unknown host_iface is ENODEV", "connect", TABLE),
  fact(
    "errno-4",
    "a duplicate is EALREADY, also while the first connects",
    "connect",
    "a duplicate is EALREADY, also while the first is connecting",
  ),
  fact(
    "errno-5",
    "a duplicate of a unique-NQN discovery controller is EALREADY",
    "connect",
    "a unique discovery NQN: the well-known one shows it, and a duplicate is EALREADY",
  ),
  fact(
    "errno-6",
    "duplicate_connect, another host identity or the well-known NQN are accepted",
    "connect",
    "duplicate_connect, another host and the well-known NQN make a second controller",
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
    "tls without a key is ENOKEY with uevents on 6.12, and unknown on 6.1",
  ),
  fact(
    "errno-13",
    "a host id with another host NQN, or either alone: EINVAL on 6.12, accepted on 6.1",
    "connect",
    "6.12 refuses a host id with another host NQN, and either alone; 6.1 accepts",
  ),
  fact(
    "errno-14",
    "keep_alive_tmo=0 on an I/O controller reads back 5",
    "sysfs",
    "kato: 5 on an I/O controller also where 0 was asked for, 0 on a discovery controller",
  ),
  fact(
    "errno-16",
    "the NQN of a unique discovery subsystem without the discovery flag: EINVAL, with uevents (docs/fidelity.md)",
    "connect",
    "the NQN of a unique discovery subsystem takes the discovery flag",
    ["6.12"],
  ),
  missing(
    "errno-15",
    "Node has no name for ENOKEY and ENETRESET",
    "a matter of the real adapter: errnos are numbers throughout",
  ),
];

const LIVE_TREE = "a live discovery and a live I/O controller on %s (%s)";

export const SYSFS: readonly Fact[] = [
  missing(
    "sysfs-1",
    "the class directory holds links to the devices",
    "the tree is served at the link's path; nobody reads the other",
  ),
  fact("sysfs-2", "every value ends in a newline", "sysfs", LIVE_TREE),
  fact("sysfs-3", "the attributes of a live discovery controller, their texts and their defaults", "sysfs", LIVE_TREE, [
    "6.1",
    "6.12",
  ]),
  missing(
    "sysfs-4",
    "delete_controller, reset_controller and rescan_controller are write-only",
    "deletes go through handles, resets are steps of a scenario, nobody rescans",
  ),
  fact("sysfs-5", "6.12 adds the dhchap attributes and passthru_err_log_enabled", "sysfs", LIVE_TREE, ["6.12"]),
  fact("sysfs-6", "the uevent attribute repeats the properties", "sysfs", LIVE_TREE),
  fact("sysfs-7", "an I/O controller: cntrltype io, kato 5, queue_count 1 + its queues", "sysfs", LIVE_TREE),
  missing("sysfs-8", "an I/O controller has a child directory per namespace path", "no decision reads it"),
  fact(
    "sysfs-9",
    "the full address names host_traddr, host_iface, src_addr in this order",
    "sysfs",
    "the full address, in the kernel's order (6.12-cloud.s5)",
  ),
  fact(
    "sysfs-10",
    "src_addr is absent while it is not connected",
    "sysfs",
    "one that is connecting shows no src_addr (6.12-cloud.s4)",
  ),
  fact(
    "sysfs-11",
    "ctrl_loss_tmo reads back whole attempts; off and 0",
    "sysfs",
    "ctrl_loss_tmo reads back in whole attempts: `%s` as %s",
  ),
  missing(
    "sysfs-12",
    "nvme-subsystem has subsysnqn, subsystype, iopolicy and links",
    "no decision reads it; its uevents are modelled",
  ),
  fact(
    "sysfs-13",
    "each discovery controller has a subsystem of its own",
    "sysfs",
    "each discovery controller of the well-known NQN has a subsystem of its own",
  ),
  fact(
    "sysfs-14",
    "with a unique discovery NQN the well-known one shows the unique one",
    "connect",
    "a unique discovery NQN: the well-known one shows it, and a duplicate is EALREADY",
    ["6.12"],
  ),
  fact(
    "sysfs-15",
    "opening /dev/nvmeN while connecting is EAGAIN",
    "admin",
    "opening a controller that is connecting is EAGAIN, one that is gone ENOENT",
  ),
  fact(
    "sysfs-16",
    "an ioctl on a deleted controller is ENODEV",
    "admin",
    "an ioctl on a deleted controller is ENODEV, though its number is back",
  ),
  fact(
    "sysfs-17",
    "a blocked ioctl whose link dies is EINTR after 6.9 s with kato 5",
    "lifecycle",
    "a blocked ioctl ends with EINTR, 0.4 s after the loss was noticed (6.12-cloud.s7)",
    ["6.12"],
  ),
  fact(
    "sysfs-19",
    "on 6.1 it lasts as long as its own time, then ends with status 0x371 (docs/fidelity.md)",
    "lifecycle",
    "on 6.1 a blocked ioctl lasts as long as its own time, and its controller does not reconnect before",
    ["6.1"],
  ),
  fact(
    "sysfs-18",
    "until the first connect has ended, subsysnqn reads (efault) and cntrltype reserved (docs/fidelity.md)",
    "sysfs",
    "attributes fill in after the `add`: at the end of the connect, and as much later as a scenario says",
  ),
];
