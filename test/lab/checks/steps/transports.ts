/** What the kernel accepts and shows for connections over loop and fc. */
import { constants } from "node:os";
import { fcAddress, type FcPort } from "../../guest/fcloop.js";

export const HOST_PORT: FcPort = { node: "0x20000090fa942779", port: "0x10000090fa942779" };
export const TARGET_PORT: FcPort = { node: "0x20000090fa945c6d", port: "0x10000090fa945c6d" };

const TRADDR = `traddr=${fcAddress(TARGET_PORT)}`;
const HOST_TRADDR = `host_traddr=${fcAddress(HOST_PORT)}`;
/** The same address in capital letters. */
const CAPITALS = TRADDR.replaceAll(/0x[0-9a-f]+/g, (digits) => `0x${digits.slice(2).toUpperCase()}`);
/** The same without the `0x`. */
const BARE = TRADDR.replaceAll("0x", "");
const NOBODY = "traddr=nn-0x20000090fa945c6f:pn-0x10000090fa945c6f";
const { EALREADY, ECONNRESET, EINVAL, EIO, ENOENT } = constants.errno;

/** Connects to one subsystem on 6.12, in this order, with the errno or `address` of each. The simulated kernel does the same. */
export const TAKEN: readonly (readonly [options: string, outcome: number | string])[] = [
  ["transport=loop", ""],
  // Over loop the kernel does not look for duplicates: a second controller.
  ["transport=loop", ""],
  ["transport=loop,traddr=1", EIO],
  ["transport=loop,trsvcid=8009", EINVAL],
  [`transport=fc,${TRADDR},${HOST_TRADDR}`, `${TRADDR},${HOST_TRADDR}`],
  [`transport=fc,${TRADDR},${HOST_TRADDR}`, EALREADY],
  [`transport=fc,${TRADDR},${HOST_TRADDR},trsvcid=none`, EINVAL],
  [`transport=fc,${TRADDR}`, EINVAL],
  [`transport=fc,${HOST_TRADDR}`, EINVAL],
  [`transport=fc,traddr=192.168.1.1,${HOST_TRADDR}`, EINVAL],
  [`transport=fc,${TRADDR},host_traddr=nn-0x1:pn-0x2`, EINVAL],
  [`transport=fc,traddr=nn-0x1:pn-0x2,${HOST_TRADDR}`, EINVAL],
  [`transport=fc,${BARE},${HOST_TRADDR},duplicate_connect`, `${BARE},${HOST_TRADDR}`],
  [`transport=fc,${NOBODY},${HOST_TRADDR}`, ENOENT],
  [`transport=fc,${CAPITALS},${HOST_TRADDR},duplicate_connect`, `${CAPITALS},${HOST_TRADDR}`],
];

const RDMA = "traddr=10.98.0.1,trsvcid=4420";

/** The same over Soft-RoCE, on 6.12. */
export const TAKEN_OVER_RDMA: readonly (readonly [options: string, outcome: number | string])[] = [
  [RDMA, RDMA],
  [RDMA, EALREADY],
  [`${RDMA},host_traddr=10.98.0.1,duplicate_connect`, `${RDMA},host_traddr=10.98.0.1`],
  [`${RDMA},host_iface=roce0`, EINVAL],
  [`${RDMA},hdr_digest`, EINVAL],
  [`${RDMA},data_digest`, EINVAL],
  [`${RDMA},tls`, EINVAL],
  [`${RDMA},tos=0,duplicate_connect`, RDMA],
  [`${RDMA},nr_write_queues=1,duplicate_connect`, RDMA],
  [`${RDMA},nr_poll_queues=1,duplicate_connect`, RDMA],
  ["traddr=10.98.0.1,trsvcid=4421", ECONNRESET],
  // Nobody answers: the kernel's connection manager tries again for 78 s.
  ["traddr=10.98.0.9,trsvcid=4420", ECONNRESET],
];
