import { testScenarios } from "./corpus.js";

testScenarios((folder) => folder === "mdns");
