import { testScenarios } from "./corpus.js";

testScenarios((folder) => folder === "field" || folder === "defects");
