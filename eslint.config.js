import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { plainWords } from "./scripts/stilted-phrases.js";

/** What depends on the machine, the moment or chance. */
const AMBIENT = [
  "Date",
  "performance",
  "crypto",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
];

/** What src/core may not name besides: Node, the engine's own scheduling, locales. */
const NOT_IN_CORE = [
  "Promise",
  "Intl",
  "console",
  "process",
  "Buffer",
  "TextDecoder",
  "TextEncoder",
  "URL",
  "fetch",
  "structuredClone",
  "require",
  "global",
  "globalThis",
  "WeakRef",
  "FinalizationRegistry",
];

/** @param {readonly string[]} names @param {string} message */
function banGlobals(names, message) {
  return ["error", ...names.map((name) => ({ name, message }))];
}

const RANDOMNESS = {
  selector: "MemberExpression[object.name='Math'][property.name='random']",
  message: "Draw from a labelled random stream.",
};

const TWO_BOOLEANS = {
  selector:
    ":function > Identifier.params[typeAnnotation.typeAnnotation.type='TSBooleanKeyword'] + Identifier.params[typeAnnotation.typeAnnotation.type='TSBooleanKeyword']",
  message: "Two booleans in a row: a caller cannot tell them apart. Take a record or a named union.",
};

const LOCALES = {
  selector: "MemberExpression[property.name=/^(localeCompare|toLocale.*)$/]",
  message: "The result depends on the machine's locale. Compare code units.",
};

/** Syntax that src/core may not use. */
const CORE_SYNTAX = [
  RANDOMNESS,
  TWO_BOOLEANS,
  LOCALES,
  {
    selector: ":function[async=true]",
    message: "The core is synchronous: a call that takes time completes by an event.",
  },
  { selector: "AwaitExpression", message: "The core is synchronous: a call that takes time completes by an event." },
  { selector: "ForOfStatement[await=true]", message: "The core is synchronous." },
  { selector: "ImportExpression", message: "The core has no dynamic imports." },
  { selector: "MetaProperty[meta.name='import']", message: "The core does not know where it lies." },
  {
    selector: "TSTypeReference[typeName.name=/^(Promise|PromiseLike|Buffer)$/]",
    message: "The core is synchronous and knows no Node type.",
  },
];

/** Beyond typescript-eslint's strict set; and where the set is louder than it is useful. */
const TYPED_RULES = {
  "@typescript-eslint/no-explicit-any": "error",
  "@typescript-eslint/switch-exhaustiveness-check": [
    "error",
    { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
  ],
  "@typescript-eslint/consistent-type-imports": "error",
  "@typescript-eslint/require-array-sort-compare": ["error", { ignoreStringArrays: true }],
  "@typescript-eslint/prefer-readonly": "error",
  // Splitting a string by code points is meant; the alternative on offer depends on a locale.
  "@typescript-eslint/no-misused-spread": ["error", { allow: ["string"] }],
  // Units and record names are values and types of one name.
  "@typescript-eslint/no-redeclare": "off",
  // A negated duration is a duration: the brand does not change the arithmetic.
  "@typescript-eslint/no-unsafe-unary-minus": "off",
  "@typescript-eslint/no-confusing-void-expression": [
    "error",
    { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
  ],
  "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
  eqeqeq: "error",
  "no-console": "off",
  // Slow, and nothing is left for them: the compiler has noUnusedLocals and noUnusedParameters; erasableSyntaxOnly leaves
  // no enum; a class with private fields is nominal to the compiler.
  "@typescript-eslint/no-unused-vars": "off",
  "@typescript-eslint/no-unsafe-enum-assignment": "off",
  "@typescript-eslint/no-unsafe-enum-comparison": "off",
  "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
};

/** Slow, and src/core has nothing for them to find: it may not name a promise, and imports nothing that others deprecate. */
const NOT_FOR_CORE = {
  "@typescript-eslint/await-thenable": "off",
  "@typescript-eslint/no-deprecated": "off",
  "@typescript-eslint/no-floating-promises": "off",
  "@typescript-eslint/no-misused-promises": "off",
  "@typescript-eslint/prefer-promise-reject-errors": "off",
};

/** What `npm test` runs besides src/. */
const RUN_BY_TESTS = ["test/{unit,property,contract,scenarios,mutants}/**/*.ts"];

/** Slow. A value of type any can hide a mistake from the compiler, but not from the run of the test that makes it. */
const NOT_FOR_TESTS = {
  "@typescript-eslint/no-unsafe-argument": "off",
  "@typescript-eslint/no-unsafe-assignment": "off",
  "@typescript-eslint/no-unsafe-call": "off",
  "@typescript-eslint/no-unsafe-member-access": "off",
  "@typescript-eslint/no-unsafe-return": "off",
};

/** The files of a worker share its modules: a shared module is loaded once, and its hooks serve the first file only. */
const NO_HOOKS = {
  name: "vitest",
  importNames: ["beforeEach", "afterEach", "beforeAll", "afterAll"],
  message: "A hook in a shared module serves the first file only. Use onTestFinished.",
};

export default defineConfig(
  {
    ignores: ["dist/", "dist-tools/", "coverage/", "node_modules/", "test/fixtures/", ".dependency-cruiser.cjs"],
  },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["{src,test,bench,scripts}/**/*.{ts,cts,js}"],
    ignores: ["scripts/stilted-phrases.js", "test/unit/scripts/stilted-phrases.test.ts"],
    plugins: { words: { rules: { plain: plainWords } } },
    rules: { "words/plain": "error" },
  },
  {
    files: ["src/**/*.{ts,cts}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      ...TYPED_RULES,
      "max-lines": ["error", { max: 400 }],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "no-restricted-syntax": ["error", TWO_BOOLEANS, LOCALES],
      // A narrowing `as` stands where a parser belongs.
      "@typescript-eslint/no-unsafe-type-assertion": "error",
    },
  },
  {
    // Here the brands are made.
    files: ["src/core/domain/units.ts"],
    rules: { "@typescript-eslint/no-unsafe-type-assertion": "off" },
  },
  {
    files: ["src/core/**/*.ts"],
    rules: {
      "no-restricted-globals": banGlobals([...AMBIENT, ...NOT_IN_CORE], "The core is pure: ask a port."),
      "no-restricted-syntax": ["error", ...CORE_SYNTAX],
      "no-console": "error",
      ...NOT_FOR_CORE,
    },
  },
  {
    files: ["src/adapters/sim/**/*.ts"],
    rules: {
      "no-restricted-globals": banGlobals(AMBIENT, "A simulated world has its own clock and its own random streams."),
      "no-restricted-syntax": ["error", RANDOMNESS, TWO_BOOLEANS, LOCALES],
    },
  },
  {
    files: ["test/**/*.ts", "bench/**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      ...TYPED_RULES,
      "max-lines": ["error", { max: 400 }],
      // A test says what it expects where it expects it.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/require-await": "off",
    },
  },
  { files: RUN_BY_TESTS, rules: NOT_FOR_TESTS },
  {
    files: ["test/**/*.ts"],
    ignores: ["**/*.test.ts", "test/setup.ts"],
    rules: { "no-restricted-imports": ["error", { paths: [NO_HOOKS] }] },
  },
  {
    files: ["scripts/**/*.js", "test/**/*.js", "*.js", "*.ts"],
    extends: [tseslint.configs.recommended],
    rules: { eqeqeq: "error" },
  },
);
