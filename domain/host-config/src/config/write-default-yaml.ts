import { stringify } from 'yaml';
import { hostConfigSchema } from './host-config-schema.ts';
import { listSettings } from './schema-walk.ts';

const HEAD = `# Settings of vps-configurator: every key with its default. Copy what you want to change to /etc/vps-configurator/config.yaml, or to a file
# that you name with --config; what is left out keeps its default. "vps-configurator config show --origin" says where each value comes from.
`;

/** The whole of `config/default.yaml`. */
export function writeDefaultYaml(): string {
  const lines = listSettings(hostConfigSchema, hostConfigSchema.parse({})).map(({ defaultValue, description, isGroup, path }) => {
    const indent = '  '.repeat(path.length - 1);
    const key = path.at(-1) ?? '';
    const gap = path.length === 1 ? '\n' : '';
    return `${gap}${indent}# ${description}\n${indent}${key}:${isGroup ? '' : toYamlValue(defaultValue, indent)}`;
  });
  return `${HEAD}${lines.join('\n')}\n`;
}

/** Lists and small things on the same line; the map of services below its key, one line each. */
function toYamlValue(value: unknown, indent: string): string {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
  if (!isMap) return ` ${toFlow(value)}`;
  return Object.entries(value)
    .map(([key, inner]) => `\n${indent}  ${key}: ${toFlow(inner)}`)
    .join('');
}

function toFlow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();
}
