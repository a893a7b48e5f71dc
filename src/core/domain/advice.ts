/**
 * What an error of the operating system means, and what to look at next. Each text completes a sentence that names the errno: it
 * starts with a small letter and has no full stop. Sources: 6.12-cloud.s3.log, 6.12-cloud.s7.log, connect(2), open(2).
 */
import { errnoName, errnoNameOf, type ErrnoName } from "./errno.js";
import { isLinkLocal } from "./ip-address.js";
import type { TransportId } from "./transport-id.js";

/** The call that failed. */
export const PHASES = [
  /** The connect from user space that tries an address first. */
  "probe",
  /** Opening /dev/nvme-fabrics. */
  "open",
  /** Writing the connect string. */
  "connect",
  /** Reading the kernel's reply to it. */
  "reply",
  /** Opening a controller of the kernel. */
  "handle",
  /** An admin command: log page, Identify, registration. */
  "command",
  "delete",
  "read-file",
  "write-file",
  "resolve",
] as const;

export type Phase = (typeof PHASES)[number];

/** The other end of a connection, and how this host wants to connect to it. */
export interface Peer {
  readonly tid: TransportId;
  readonly role: "discovery" | "io";
  /** The host NQN that it sees. */
  readonly hostNqn: string;
  readonly tls: boolean;
  /** Whether a DH-HMAC-CHAP secret is configured. */
  readonly secret: boolean;
}

type Words = string | ((peer: Peer) => string);
type Table = Readonly<Partial<Record<ErrnoName, Words>>>;

const KERNEL_LOG = "the kernel log says more (journalctl -k --grep nvme)";
const USUAL_PORTS = "usually 8009 for discovery and 4420 for I/O";

function place({ tid }: Peer): string {
  return tid.trsvcid === "" ? tid.traddr : `${tid.traddr} port ${tid.trsvcid}`;
}

/** The network's errnos mean the same to a probe and to the kernel's connect. */
const NETWORK: Table = {
  ECONNREFUSED: (peer) =>
    `nothing listens at ${place(peer)}: check that the target serves there and that trsvcid is right (${USUAL_PORTS})`,
  ETIMEDOUT: (peer) =>
    `${place(peer)} does not answer: check that it is up, its network or VLAN, and that no firewall on the way drops the packets`,
  EHOSTUNREACH: ({ tid }) =>
    `no machine answers for ${tid.traddr} on the way there: check that it is up, and its network or VLAN (ip neigh)`,
  EHOSTDOWN: ({ tid }) => `${tid.traddr} is down: check that it is up, and its network or VLAN (ip neigh)`,
  ENETUNREACH: ({ tid }) =>
    `this host has no route to ${tid.traddr}${over(tid)}: check its addresses and routes (ip route get ${tid.traddr})`,
  ENETDOWN: ({ tid }) => `the interface towards ${tid.traddr} is down: set it up (ip link)`,
  EADDRNOTAVAIL: ({ tid }) =>
    tid.hostTraddr === ""
      ? `this host has no address or port free for ${tid.traddr}: check its addresses (ip address)`
      : `host-traddr ${tid.hostTraddr} is not an address of this host: correct it, or add the address (ip address)`,
  EADDRINUSE: "no local port is free for the connection: check what holds them (ss -tan)",
  EAFNOSUPPORT: "this host does not use that address family, or host-traddr is of the other one: check ip-family",
  ECONNRESET: (peer) =>
    `${place(peer)} closes the connection at once: another service may listen there, or it wants TLS or admits other hosts only`,
  ECONNABORTED: (peer) => `${place(peer)} broke the connection off: look at the target`,
  EPIPE: (peer) => `${place(peer)} closed the connection: look at the target`,
  EACCES: "a rule of this host forbids the connection: check its firewall (nft list ruleset) and its security module",
  EPERM: "a rule of this host forbids the connection: check its firewall (nft list ruleset) and its security module",
};

function over({ hostIface, hostTraddr }: TransportId): string {
  if (hostIface !== "") return ` over ${hostIface}`;
  return hostTraddr === "" ? "" : ` from ${hostTraddr}`;
}

function noDevice({ tid }: Peer): string {
  return tid.hostIface === ""
    ? `the kernel has no device or module for it: load the transport (modprobe nvme-${tid.transport})`
    : `host-iface ${tid.hostIface} is not an interface of this host: check its name (ip link shows NAME@PARENT, the name ends before the @)`;
}

/** Only with the interface is a link-local address an address. */
function withoutInterface({ tid }: Peer): string | undefined {
  const scoped = tid.hostIface !== "" || tid.traddr.includes("%");
  if (!isLinkLocal(tid.traddr) || scoped) return undefined;
  return `${tid.traddr} is a link-local address and means nothing without an interface: add host-iface`;
}

const PROBE: Table = {
  ...NETWORK,
  ENODEV: noDevice,
  EINVAL: (peer) =>
    withoutInterface(peer) ??
    `${place(peer)} is not an address that can be tried: check traddr, trsvcid and host-traddr`,
  EBADMSG: (peer) =>
    `${place(peer)} answers, but not as an NVMe/TCP target: another service may listen there (the NVMe ports are ${USUAL_PORTS})`,
};

const NO_DEVICE =
  "/dev/nvme-fabrics does not exist: load the kernel's modules (modprobe nvme-fabrics, then nvme-tcp, nvme-rdma or nvme-fc)";

const OPEN: Table = {
  ENOENT: NO_DEVICE,
  ENODEV: "the module behind /dev/nvme-fabrics is not loaded: load it (modprobe nvme-fabrics)",
  ENXIO: "the module behind /dev/nvme-fabrics is not loaded: load it (modprobe nvme-fabrics)",
  EACCES: "only root may open /dev/nvme-fabrics: run as root, in a unit that allows the device (DeviceAllow=)",
  EPERM: "the unit does not allow /dev/nvme-fabrics: allow it (DeviceAllow=)",
};

function refused({ role, tid, hostNqn }: Peer): string {
  const wrong =
    role === "discovery"
      ? `no discovery service answers to ${tid.subsysnqn} at port ${tid.trsvcid} (${USUAL_PORTS})`
      : `it has no subsystem ${tid.subsysnqn} at this address and port`;
  return (
    `the target refuses the connection: ${wrong}, or it does not admit ${hostNqn}, or it has no controller free; ` +
    'in the kernel log (journalctl -k --grep nvme), "Connect Invalid Data Parameter" means the NQN or the port, and ' +
    '"is not allowed" means the host NQN'
  );
}

function admission({ tls, secret }: Peer): string {
  if (secret) return "the DH-HMAC-CHAP secret is not the one that the subsystem has for this host: compare the two";
  return tls
    ? "the two sides did not agree on TLS: compare their keys"
    : "the subsystem does not admit this host: add its host NQN there";
}

const CONNECT: Table = {
  ...NETWORK,
  ENODEV: noDevice,
  EIO: refused,
  EINVAL: (peer) =>
    withoutInterface(peer) ??
    `the kernel does not accept these connect options, has no transport ${peer.tid.transport} (modprobe nvme-${peer.tid.transport}), or ${place(peer)} is not an NVMe target or serves another kind of subsystem: ${KERNEL_LOG}`,
  EAGAIN: (peer) =>
    `${place(peer)} accepts the connection and then stays silent: another service may listen there, or the target is overloaded`,
  EBUSY: `the target or the device is busy: look at the target's load; ${KERNEL_LOG}`,
  EALREADY: "the kernel already has this connection: nvme list-subsys shows whose it is",
  EINTR: `a signal interrupted the connect: nothing is wrong if the next attempt succeeds; ${KERNEL_LOG}`,
  ENOKEY: ({ tls }) =>
    tls
      ? "TLS needs a key of this host for this subsystem in the kernel's keyring .nvme, and there is none (tlshd or keyctl can add one)"
      : "the subsystem requires authentication, and no secret is configured for it: set dhchap-secret",
  EACCES: admission,
  EKEYREJECTED: admission,
  EPERM: admission,
  ENOENT: NO_DEVICE,
  EOPNOTSUPP: `this kernel or the target lacks something that this connection needs: ${KERNEL_LOG}`,
  EPROTO: (peer) => `${place(peer)} breaks the NVMe/TCP protocol: ${KERNEL_LOG}`,
  ENOMEM: "the connect options are longer than a page of memory, or memory is short: shorten them, or look at free -m",
};

const REPLY: Table = {
  EIO: `the kernel took only a part of the connect string: ${KERNEL_LOG}`,
  EINVAL: `the kernel has no reply for this connect, so the connection is looked for among its controllers: ${KERNEL_LOG}`,
};

const GONE = "the kernel has removed the controller meanwhile";
const HANDLE: Table = {
  EAGAIN: "the kernel is reconnecting it: nothing to do if it is live again soon, else look at the target",
  ENODEV: GONE,
  ENXIO: GONE,
  ENOENT: `${GONE}, or udev has not made its device file yet`,
  EACCES: "only root may open it: run as root, in a unit that allows the device (DeviceAllow=char-nvme)",
  EPERM: "the unit does not allow the device: allow it (DeviceAllow=char-nvme)",
  EBUSY: "another process holds it: check which one (fuser)",
};

const COMMAND: Table = {
  EINTR: "the connection broke while the command ran: look at the target and the network if it goes on",
  EAGAIN: "the kernel is reconnecting the controller: look at the target and the network if it goes on",
  ENODEV: GONE,
  ENXIO: GONE,
  ETIMEDOUT: "the controller did not answer in time: look at its load and at the network",
  EIO: `the command was lost with the connection: ${KERNEL_LOG}`,
  ECONNRESET: "the target closed the connection: look at the target",
  ENOSYS: "koffi does not load on this machine: install it for this architecture with npm ci",
  ENOTTY: "this is not an NVMe controller: please report it",
  EINVAL: `the kernel does not accept the command: ${KERNEL_LOG}`,
  EACCES: "the process lacks CAP_SYS_ADMIN: run as root, in a unit that keeps the capability",
  EPERM: "the process lacks CAP_SYS_ADMIN: run as root, in a unit that keeps the capability",
};

const DELETE: Table = {
  ENODEV: GONE,
  ENOENT: GONE,
  EBUSY: `someone else deletes or resets it: ${KERNEL_LOG}`,
  EROFS: "sysfs is read-only for this unit: allow it to write /sys (ProtectKernelTunables=no)",
  EACCES: "only root may delete it: run as root",
  EPERM: "only root may delete it: run as root",
};

const READ_FILE: Table = {
  EACCES: "root may not read it: check its permissions, those of its folder, and the security module",
  EPERM: "root may not read it: check the unit and the security module",
  EISDIR: "it is a folder: put a file there",
  ENOTDIR: "a part of its path is not a folder: check the path",
  ENOENT: "there is no such file: create it, or check the path",
  ELOOP: "its path has a loop of links: check the links",
  EINVAL: "it is not a regular file: put one there",
  EFBIG: "it is larger than 64 MiB: check what wrote it",
  EIO: "its disk fails: check the kernel log (journalctl -k)",
};

const WRITE_FILE: Table = {
  ENOSPC: "its disk is full: free space there",
  EDQUOT: "a quota is used up: free space there",
  EROFS:
    "it is on a read-only file system: make its file system writable (journalctl -k may say why it is not), and let the unit write there (ReadWritePaths=)",
  EACCES: "root may not write it: check its permissions, those of its folder, and the security module",
  EPERM: "root may not write it: check the unit and the attributes of the file (lsattr)",
  EISDIR: "it is a folder: move it away",
  ENOTDIR: "a part of its path is not a folder: check the path",
  EEXIST: "a part of its path is not a folder: check the path",
  EIO: "its disk fails: check the kernel log (journalctl -k)",
};

const RESOLVE: Table = {
  ENOENT: "no name server and no hosts file knows it: check the spelling and DNS (getent ahosts NAME)",
  EAGAIN: "the name server does not answer now: check the network and /etc/resolv.conf",
  ETIMEDOUT: "the name server does not answer: check the network and /etc/resolv.conf",
  EIO: "the name server failed: check DNS (getent ahosts NAME)",
  ECONNREFUSED: "the name server refuses: check /etc/resolv.conf",
};

const SPECIFIC: Readonly<Record<Phase, Table>> = {
  probe: PROBE,
  open: OPEN,
  connect: CONNECT,
  reply: REPLY,
  handle: HANDLE,
  command: COMMAND,
  delete: DELETE,
  "read-file": READ_FILE,
  "write-file": WRITE_FILE,
  resolve: RESOLVE,
};

/** Phases whose failures the kernel's NVMe code explains in its log. */
const LOGGED: ReadonlySet<Phase> = new Set(["connect", "reply", "handle", "command", "delete"]);

/** Errnos that mean the same wherever they come from. */
const ANYWHERE: Table = {
  EMFILE: "this process has too many open files: raise LimitNOFILE= of the unit",
  ENFILE: "this host has too many open files: check what holds them (lsof)",
  ENOMEM: "memory is short on this host: look at free -m",
  ENOBUFS: "memory for the network is short on this host: look at free -m",
  EPERM: "a rule of this host forbids it: check the unit and the security module",
  EACCES: "a rule of this host forbids it: check the unit and the security module",
  ENOSYS: "this kernel does not have this call: use a newer one",
  EINTR: "a signal interrupted it: nothing is wrong if the next attempt succeeds",
};

/** What an errno of a call means and what to look at, without the errno. `peer`: for the phases that concern one. */
export function advice(phase: Phase, errno: number, peer?: Peer): string {
  const name = errnoNameOf(errno);
  const words = name === undefined ? undefined : (SPECIFIC[phase][name] ?? ANYWHERE[name]);
  if (typeof words === "string") return words;
  if (words !== undefined && peer !== undefined) return words(peer);
  return LOGGED.has(phase)
    ? `this errno is unusual here: ${KERNEL_LOG}`
    : "this errno is unusual here: look at the kernel log (journalctl -k)";
}

/** Why a file cannot be read: `EACCES: root may not read it: ...`. */
export function unreadable(errno: number): string {
  return `${errnoName(errno)}: ${advice("read-file", errno)}`;
}
