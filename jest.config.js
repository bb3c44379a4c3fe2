export default {
  testEnvironment: 'node',
  // The last says what missing engines cost.
  reporters: ['default', '<rootDir>/test/engines/missing-engines.ts'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/cdk.out', '<rootDir>/.mooring'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  // Ends only what hangs. How fast something is, the bench says: a busy machine makes a test slow, not wrong.
  testTimeout: 600_000,
  // What ES modules were loaded for a file stays: in one process all files took 4 GB, and most of the time went into collecting it.
  maxWorkers: '100%',
  workerIdleMemoryLimit: '1GB',
};
