import { expect, test } from "vitest";
import { parseTimeSpan } from "../../../src/core/domain/time-span.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  ["0", 0],
  ["90", 90],
  ["+5", 5],
  ["0.5", 0.5],
  [".5", 0.5],
  ["-0", 0],
  ["72hours", 72 * HOUR],
  ["3 days", 3 * DAY],
  ["3 DAYS 5 Hours", 3 * DAY + 5 * HOUR],
  ["1 dy 1hr", DAY + HOUR],
  ["1m24s", 84],
  ["1 minute, 24 secs", 84],
  ["1 minute / 24 secs", 84],
  ["1 day,1:00:00", DAY + HOUR],
  ["1.2 minutes", 72],
  ["1.25 seconds", 1.25],
  ["+ 1 minute", MINUTE],
  [":22", 22],
  ["1:24", 84],
  ["01:24.5", 84.5],
  ["1:02:03", HOUR + 2 * MINUTE + 3],
  ["100:00:00", 100 * HOUR],
  ["2:01:02:03", 2 * DAY + HOUR + 2 * MINUTE + 3],
  ["  7 s  ", 7],
])("%s", (text, seconds) => {
  expect(parseTimeSpan(text)).toBe(seconds * 1000);
});

test.each(["-1", " -1 ", "- 1", "-1s"])("%j means forever", (text) => {
  expect(parseTimeSpan(text)).toBe("forever");
});

test.each([
  "",
  " ",
  "-",
  "blah",
  "-2",
  "- 1 minute",
  "1 week",
  "1 hour 1 day",
  "1s 1s",
  "1 minute,",
  "1 minute 24",
  "1,5 s",
  "1:2",
  "123:45",
  "::22",
  ":1:22",
  "1:2:3",
  "1 hour 1:00:00",
  "1e3",
  "Infinity",
  "NaN",
  "0x10",
  "9".repeat(60),
  "1 ".repeat(200),
])("%j is not a time span", (text) => {
  expect(parseTimeSpan(text)).toBeUndefined();
});
