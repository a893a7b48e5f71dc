/** Every scenario that no other file here tests: a new folder is tested without being named. */
import { testScenarios } from "./corpus.js";

testScenarios((folder) => !["mdns", "field", "defects"].includes(folder));
