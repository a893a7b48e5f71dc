/** Every limit and every delay of the core, by name. */
import { Milliseconds } from "./units.js";

/** Connects in the kernel at once: 150 connects took 5.8 s one at a time, 3.6 s at four, and no less beyond that. */
export const CONNECTS_IN_KERNEL_MAX = 4;
/** User-space probes in flight at once. */
export const PROBES_MAX = 32;
/** A peer that sends no ICResp within this time counts as silent (the kernel itself waits 10 s). */
export const PROBE_TIMEOUT = Milliseconds(3_000);
/** How long a suspect leaves its turn to what is being probed: more than three rounds of probes that nobody answers. */
export const SUSPECT_PATIENCE = Milliseconds(10_000);

export const FIRST_RETRY = Milliseconds(3_000);
export const LATER_RETRY = Milliseconds(60_000);
/** After a network comes up, a controller that waited is tried this soon, and each further controller one step later. */
export const WAKE_SOAK = Milliseconds(1_000);
export const WAKE_STEP = Milliseconds(20);
/** Failures this soon after a wake are followed by `FIRST_RETRY`: an address or a switch port may need a moment. */
export const WAKE_HURRY = Milliseconds(5_000);
/** The shortest time between two wakes of one controller. */
export const WAKE_PERIOD = Milliseconds(10_000);
/** After the kernel removed a controller. */
export const REMOVED_RETRY = Milliseconds(3_000);
/**
 * The last live path of a subsystem stays, although nothing lists it any more, until each new path has failed this often: a
 * first attempt and its retry, which comes after `FIRST_RETRY`.
 */
export const LAST_PATH_TRIES = 2;
/** It stays no longer than this. */
export const LAST_PATH_MAX = Milliseconds(60_000);
/** How long a recorded controller may take to appear: a killed daemon's connects can still be in the kernel's queue. */
export const REMEMBERED_FOR = Milliseconds(60_000);

export const PAGE_RETRY = Milliseconds(20_000);
/** A page is looked at this long after events were lost, and each further page one step later. */
export const LOSS_SOAK = Milliseconds(1_000);
export const LOSS_STEP = Milliseconds(20);
/** The shortest `log-page-refresh` that is accepted. */
export const PAGE_REFRESH_MIN = Milliseconds(10_000);
export const SUPPORTED_PAGES_RETRY = Milliseconds(5_000);
/** How long a log page waits for the registration that precedes it. */
export const REGISTRATION_HEAD_START = Milliseconds(2_000);
/** An unanswered registration is sent again after this time. */
export const REGISTRATION_RETRY = Milliseconds(5_000);
/** After this many unanswered registrations in a row, on any connection, the retry delay is `REGISTRATION_LATER`. */
export const REGISTRATIONS_UNANSWERED_MAX = 3;
export const REGISTRATION_LATER = Milliseconds(600_000);
export const ADMIN_TIMEOUT = Milliseconds(30_000);
/** If the generation counter changes more often than this during one read, the page waits for a retry. */
export const PAGE_MOVES_MAX = 8;
/** Entries per command: 8 KiB is within the smallest transfer limit that a controller may have. */
export const PAGE_ENTRIES_PER_READ = 8;

/** A service collects changes for this long, counted from the first, before it reconciles. */
export const RECONCILE_SOAK = Milliseconds(1_500);
/** The same for stac while it does not know staf's view. */
export const RECONCILE_SOAK_WITHOUT_STAF = Milliseconds(10_000);
/** The delay before reading again a controller whose attributes are not filled in yet. */
export const ADD_SOAK = Milliseconds(1_000);
/** After this many reads, a controller that is still not filled in is left to the audit. */
export const INCOMPLETE_READS_MAX = 30;
/** After this many, the log page of a discovery controller no longer waits for them. */
export const DCTYPE_READS_MAX = 5;
/** The audit makes up for a silently lost event within this time. */
export const AUDIT_PERIOD = Milliseconds(60_000);

/** How long stac waits before it asks again after staf did not answer. */
export const ASK_STAF_RETRY = Milliseconds(10_000);
/** A failed file write is tried again after this time. */
export const SAVE_RETRY = Milliseconds(5_000);
/** A stop that waits for the kernel ends after this time regardless. */
export const STOP_LIMIT = Milliseconds(4_000);

/** The shortest time between two restarts of nvme-cli's unit for a foreign discovery controller's events. */
export const HAND_ON_PERIOD = Milliseconds(1_000);

/** How often host names are resolved again, regardless of the resolver's own cache. */
export const NAME_REFRESH = Milliseconds(300_000);
/** The same after a name did not resolve, or its address did not answer. */
export const NAME_RETRY = Milliseconds(10_000);
export const NAMES_MAX = 1_024;
export const NAME_ADDRESSES_MAX = 64;

/** The most marks of messages already logged, so that a hostile peer cannot exhaust memory. */
export const SAID_MAX = 10_000;

/** The most services in the table. */
export const SERVICES_MAX = 1_024;
/** How long a provider that (re)starts has to report all services. A service not reported by then counts as lost. */
export const MDNS_SOAK = Milliseconds(10_000);
/** How often the core looks for Avahi while it is absent. */
export const AVAHI_WAKE_UP = Milliseconds(60_000);
/** How often the core looks at a controller that is live but not announced. */
export const ABSENT_WATCH = Milliseconds(1_000);
/** The most TCP probes of announced addresses at once, and the timeout of one probe. */
export const REACH_PROBES_MAX = 32;
export const REACH_TIMEOUT = Milliseconds(3_000);
/** Delays between probes of an announced address that does not answer. The last one repeats. */
export const REACH_RETRIES = [2, 5, 10, 30, 60, 300, 600].map((seconds) => Milliseconds(seconds * 1_000));
/**
 * The most records per interface (a service needs a pointer, an SRV and a TXT record and an address), and the longest time to
 * live that is accepted, in seconds (one day).
 */
export const MDNS_RECORDS_MAX = 4 * SERVICES_MAX;
export const MDNS_TTL_MAX = 86_400;
/** The most interfaces that queries go out on. */
export const MDNS_LINKS_MAX = 256;
/**
 * The most questions of one query. The shortest time between two queries on an interface, and between two looks at the
 * services that new records form.
 */
export const MDNS_QUESTIONS_MAX = 64;
export const MDNS_ROUND = Milliseconds(100);
/** Delays between repetitions of a question: the first, the factor from one to the next, and the longest (RFC 6762, 5.2). */
export const MDNS_QUERY_FIRST = Milliseconds(1_000);
export const MDNS_QUERY_GROWTH = 2;
export const MDNS_QUERY_LONGEST = Milliseconds(3_600_000);
/** The same from the moment when a new service is heard, or one is lost without a goodbye: others may be lost in the crowd. */
export const MDNS_NEWS_QUERY = Milliseconds(4_000);

/** Options and lines that a reload names in its log record; of the rest it gives the number. */
export const CHANGES_SHOWN_MAX = 8;
