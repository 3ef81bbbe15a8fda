import type { DataType } from './form.ts';

/** Counters and samples. */
export const PERFORMANCE_TYPES = {
  PerfQuerySpec: {
    fields: [
      { name: 'entity', type: 'ManagedObjectReference' },
      { name: 'startTime', type: 'dateTime', optional: true },
      { name: 'endTime', type: 'dateTime', optional: true },
      { name: 'maxSample', type: 'int', optional: true },
      { name: 'metricId', type: 'PerfMetricId', array: true, optional: true },
      { name: 'intervalId', type: 'int', optional: true },
      { name: 'format', type: 'string', optional: true },
    ],
  },
  PerfMetricId: {
    fields: [
      { name: 'counterId', type: 'int' },
      { name: 'instance', type: 'string' },
    ],
  },
  PerfEntityMetricBase: {
    fields: [{ name: 'entity', type: 'ManagedObjectReference' }],
  },
  PerfEntityMetric: {
    extends: 'PerfEntityMetricBase',
    fields: [
      { name: 'sampleInfo', type: 'PerfSampleInfo', array: true, optional: true },
      { name: 'value', type: 'PerfMetricSeries', array: true, optional: true },
    ],
  },
  PerfEntityMetricCSV: {
    extends: 'PerfEntityMetricBase',
    fields: [
      { name: 'sampleInfoCSV', type: 'string' },
      { name: 'value', type: 'PerfMetricSeriesCSV', array: true, optional: true },
    ],
  },
  PerfSampleInfo: {
    fields: [
      { name: 'timestamp', type: 'dateTime' },
      { name: 'interval', type: 'int' },
    ],
  },
  PerfMetricSeries: {
    fields: [{ name: 'id', type: 'PerfMetricId' }],
  },
  PerfMetricIntSeries: {
    extends: 'PerfMetricSeries',
    fields: [{ name: 'value', type: 'long', array: true, optional: true }],
  },
  PerfMetricSeriesCSV: {
    extends: 'PerfMetricSeries',
    fields: [{ name: 'value', type: 'string', optional: true }],
  },
  PerfCounterInfo: {
    fields: [
      { name: 'key', type: 'int' },
      { name: 'nameInfo', type: 'ElementDescription' },
      { name: 'groupInfo', type: 'ElementDescription' },
      { name: 'unitInfo', type: 'ElementDescription' },
      { name: 'rollupType', type: 'PerfSummaryType' },
      { name: 'statsType', type: 'PerfStatsType' },
      { name: 'level', type: 'int', optional: true },
      { name: 'perDeviceLevel', type: 'int', optional: true },
      { name: 'associatedCounterId', type: 'int', array: true, optional: true },
    ],
  },
  PerfProviderSummary: {
    fields: [
      { name: 'entity', type: 'ManagedObjectReference' },
      { name: 'currentSupported', type: 'boolean' },
      { name: 'summarySupported', type: 'boolean' },
      { name: 'refreshRate', type: 'int', optional: true },
    ],
  },
} as const satisfies Readonly<Record<string, DataType>>;
