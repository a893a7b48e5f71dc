/** The words for what a step waits for, in the order of the reference. */
import { wordsByKey, type WordValue } from "../word.js";
import { call } from "./call.js";
import { connectBegin } from "./connect-begin.js";
import { connected } from "./connected.js";
import { disconnected } from "./disconnected.js";
import { fileWritten } from "./file-written.js";
import type { TriggerWord } from "./happening.js";
import { step } from "./step.js";
import { ueventTrigger } from "./uevent.js";

export const TRIGGERS = [call, step, ueventTrigger, connected, disconnected, connectBegin, fileWritten] as const;

/** An event that a step waits for. */
export type Occasion = WordValue<(typeof TRIGGERS)[number]>;

/** The word of a trigger, by its kind. */
export const triggerWord = wordsByKey<TriggerWord<Occasion>>(TRIGGERS);
