/** Pace and limits of a fleet. Times in milliseconds. */
export interface FleetOptions {
  /** Age at which a machine list counts as stale, and a connected server is asked for a full load. Spec 02: 60 s. */
  readonly vmListTtlMs: number;
  /** Age at which gauges of a watched server are read again. Spec 02: 30 s. */
  readonly statsTtlMs: number;
  /** Age at which a screen counts as stale and is taken again while anybody is at the portal. Spec 02: 120 s. */
  readonly thumbnailTtlMs: number;
  /** Length of the background cycle that checks the ages of lists and gauges. Spec 02: 30 s. */
  readonly backgroundRefreshIntervalMs: number;
  /** Age at which the screen of a machine that somebody looks at is taken again. */
  readonly visibleScreenIntervalMs: number;
  /** The same while nobody is at the portal. */
  readonly idleScreenIntervalMs: number;
  /** Age at which gauges are read again while nobody is at the portal. */
  readonly idleGaugeIntervalMs: number;
  /** How long a read through the API counts as somebody being at the portal. */
  readonly attentionMs: number;
  /** Pixels a host is asked for: twice the 200x150 of spec 02, so that scaling down keeps text readable. */
  readonly screenWidth: number;
  readonly screenHeight: number;
  /** Pictures in flight per server. Spec 02: batches of 2. */
  readonly screenBatchSize: number;
  /** Bounds of the pause between two batches; the server's limiter says where between them. Spec 02: 0.5 s to 10 s. */
  readonly screenMinDelayMs: number;
  readonly screenMaxDelayMs: number;
  /** Mean difference in grey levels (0..255) below which two pictures count as the same; a blinking cursor makes about 0.02, a new line 0.18. */
  readonly screenDifference: number;
  /** A picture that differs by less is still replaced after this time. */
  readonly screenMaxSkewMs: number;
  /** Bytes of pictures kept in memory, over all servers, with what their smaller forms are made from. */
  readonly screenMemoryBytes: number;
  /** Pictures whose smaller form is waited for at once. Whoever asks for more gets them as they are: at 6 ms each nobody waits 0.1 s. */
  readonly screenCondensePending: number;
  /** Percentage points a machine's gauge must move before anybody is told. */
  readonly gaugeDeadbandPercent: number;
  /** Delay of a server's limiter from which it is shown as slow. */
  readonly slowDelayMs: number;
  /** Changes of one machine within this time make one event. */
  readonly eventMergeMs: number;
  /** How often health is looked at, and the least time between two events that only tell newer ages. */
  readonly healthTickMs: number;
  readonly quietEventMs: number;
  /** Least time between two saves of a changed inventory, and of one that was only confirmed. */
  readonly inventorySaveIntervalMs: number;
  readonly inventoryConfirmSaveIntervalMs: number;
  /** Least time between two saves of what was recorded about protection. */
  readonly historySaveIntervalMs: number;
  /** How long `stop` waits for running operations before their outcome is written down as unknown. */
  readonly stopGraceMs: number;
  /** Failed operations kept at most, and for how long after their last failure. */
  readonly failedOperationsMax: number;
  readonly failedOperationsMaxAgeMs: number;
}

export const DEFAULT_FLEET_OPTIONS: FleetOptions = {
  vmListTtlMs: 60_000,
  statsTtlMs: 30_000,
  thumbnailTtlMs: 120_000,
  backgroundRefreshIntervalMs: 30_000,
  visibleScreenIntervalMs: 30_000,
  idleScreenIntervalMs: 600_000,
  idleGaugeIntervalMs: 300_000,
  attentionMs: 120_000,
  screenWidth: 400,
  screenHeight: 300,
  screenBatchSize: 2,
  screenMinDelayMs: 500,
  screenMaxDelayMs: 10_000,
  screenDifference: 0.05,
  screenMaxSkewMs: 600_000,
  screenMemoryBytes: 64 * 1024 * 1024,
  screenCondensePending: 12,
  gaugeDeadbandPercent: 2,
  slowDelayMs: 1_000,
  eventMergeMs: 50,
  healthTickMs: 1_000,
  quietEventMs: 5_000,
  inventorySaveIntervalMs: 30_000,
  inventoryConfirmSaveIntervalMs: 300_000,
  historySaveIntervalMs: 900_000,
  stopGraceMs: 5_000,
  failedOperationsMax: 500,
  failedOperationsMaxAgeMs: 30 * 86_400_000,
};
