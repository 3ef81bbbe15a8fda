/** How modules of others come in: ESM files that the configuration names one by one. Nothing is looked for in folders. */
export interface PluginDoor {
  /** What the file exports under the name `module`. Rejects when it cannot be loaded. */
  load(path: string): Promise<unknown>;
}
