/** Every bound and every delay of the core, by name. */
import { Milliseconds } from "./units.js";

/** Connects handed to the kernel at once: 150 took 5.8 s one at a time, 3.6 s at four, no better beyond. */
export const CONNECTS_IN_KERNEL_MAX = 4;
/** Probes in user space at once. */
export const PROBES_MAX = 32;
/** A peer that gives no ICResp within this time is silent (the kernel itself waits 10 s). */
export const PROBE_TIMEOUT = Milliseconds(3_000);

export const FIRST_RETRY = Milliseconds(3_000);
export const LATER_RETRY = Milliseconds(60_000);
/** After the kernel removed a controller. */
export const REMOVED_RETRY = Milliseconds(3_000);
/** How long a recorded controller may still come out of the kernel: connects of a killed daemon in the kernel's queue. */
export const REMEMBERED_FOR = Milliseconds(60_000);

export const PAGE_RETRY = Milliseconds(20_000);
export const SUPPORTED_PAGES_RETRY = Milliseconds(5_000);
/** How long a page waits for the registration that goes before it. */
export const REGISTRATION_HEAD_START = Milliseconds(2_000);
/** A registration that no answer came to is sent again after this time. */
export const REGISTRATION_RETRY = Milliseconds(5_000);
/** The same once so many were left unanswered in a row, on any connection. */
export const REGISTRATIONS_UNANSWERED_MAX = 3;
export const REGISTRATION_LATER = Milliseconds(600_000);
export const ADMIN_TIMEOUT = Milliseconds(30_000);
/** A page whose generation counter moves more often than this under one read is left for a retry. */
export const PAGE_MOVES_MAX = 8;
/** Entries a command: 8 KiB is within the smallest transfer limit that a controller may have. */
export const PAGE_ENTRIES_PER_READ = 8;

/** Changes are gathered for this long, counted from the first, before a service reconciles. */
export const RECONCILE_SOAK = Milliseconds(1_500);
/** The same for stac while it does not know what staf knows. */
export const RECONCILE_SOAK_WITHOUT_STAF = Milliseconds(10_000);
/** How soon a controller whose attributes are not filled in yet is read again. */
export const ADD_SOAK = Milliseconds(1_000);
/** Read this often, a controller that is still not filled in is left to the audit. */
export const INCOMPLETE_READS_MAX = 30;
/** An event that was lost without a trace is made up for within this time. */
export const AUDIT_PERIOD = Milliseconds(60_000);

/** How long stac waits before it asks a staf that did not answer once more. */
export const ASK_STAF_RETRY = Milliseconds(10_000);
/** A file that could not be written is tried again after this time. */
export const SAVE_RETRY = Milliseconds(5_000);
/** A stop that waits for the kernel ends after this time all the same. */
export const STOP_LIMIT = Milliseconds(4_000);

/** A foreign discovery controller's events restart nvme-cli's unit no more often than this. */
export const HAND_ON_PERIOD = Milliseconds(1_000);

/** How often host names are asked for again, whatever the resolver's own cache says. */
export const NAME_REFRESH = Milliseconds(300_000);
/** The same after a name did not resolve, or what is at its address did not answer. */
export const NAME_RETRY = Milliseconds(10_000);
export const NAMES_MAX = 1_024;
export const NAME_ADDRESSES_MAX = 64;

/** Marks and complaints kept at most, so that a hostile peer cannot fill the memory. */
export const SAID_MAX = 10_000;

/** Services in the table at most, and the browsed interfaces at most. */
export const SERVICES_MAX = 1_024;
/** How long a provider that (re)starts is given to tell all services: what it did not tell then is lost. */
export const MDNS_SOAK = Milliseconds(10_000);
/** How often an Avahi that is not there is looked for. */
export const AVAHI_WAKE_UP = Milliseconds(60_000);
/** How often a controller that is live and not announced is looked at. */
export const ABSENT_WATCH = Milliseconds(1_000);
/** TCP probes of announced addresses at once, and how long one may take. */
export const REACH_PROBES_MAX = 32;
export const REACH_TIMEOUT = Milliseconds(3_000);
/** Pauses between the probes of an announced address that does not answer; the last one repeats. */
export const REACH_RETRIES = [2, 5, 10, 30, 60, 300, 600].map((seconds) => Milliseconds(seconds * 1_000));
/** Records of one interface at most, and the longest time to live that is believed, in seconds (a day). */
export const MDNS_RECORDS_MAX = 1_024;
export const MDNS_TTL_MAX = 86_400;
/** Interfaces that are asked on at most. */
export const MDNS_LINKS_MAX = 256;
/** Records that are lacking and asked for at once, an interface. */
export const MDNS_QUESTIONS_MAX = 64;
/** Pauses between queries: the first, how much longer each is than the last, and the longest (RFC 6762, 5.2). */
export const MDNS_QUERY_FIRST = Milliseconds(1_000);
export const MDNS_QUERY_GROWTH = 3;
export const MDNS_QUERY_LONGEST = Milliseconds(3_600_000);
