import { API_VERSIONS, type ApiVersion, type Moref } from '@breakwater/vsphere/schema';

export type PersonalityId = 'esxi-6.7' | 'esxi-7.0' | 'esxi-8.0' | 'vcenter-8.0';

/** What tells one product and release from another on the wire. */
export interface Personality {
  readonly id: PersonalityId;
  readonly apiType: 'HostAgent' | 'VirtualCenter';
  readonly apiVersion: ApiVersion;
  /** Newest first, as `vimServiceVersions.xml` lists them. */
  readonly priorVersions: readonly ApiVersion[];
  readonly about: Readonly<Record<string, string>>;
  readonly content: Readonly<Record<string, Moref>>;
  /** Simultaneous HTTPS connections the front end lets through (Envoy on ESXi 7 and 8). */
  readonly connectionCap: number | undefined;
}

interface Release {
  readonly id: PersonalityId;
  readonly version: string;
  readonly build: string;
  readonly apiVersion: ApiVersion;
  /** `about.apiVersion`: the release in its short form. */
  readonly aboutApiVersion: string;
  readonly connectionCap: number | undefined;
}

const RELEASES: readonly Release[] = [
  { id: 'esxi-6.7', version: '6.7.0', build: '17700523', apiVersion: '6.7.3', aboutApiVersion: '6.7.3', connectionCap: undefined },
  { id: 'esxi-7.0', version: '7.0.3', build: '19193900', apiVersion: '7.0.3.0', aboutApiVersion: '7.0.3.0', connectionCap: 128 },
  { id: 'esxi-8.0', version: '8.0.2', build: '22380479', apiVersion: '8.0.2.0', aboutApiVersion: '8.0.2.0', connectionCap: 128 },
  { id: 'vcenter-8.0', version: '8.0.2', build: '22385739', apiVersion: '8.0.2.0', aboutApiVersion: '8.0.2.0', connectionCap: 2048 },
];

export const PERSONALITY_IDS: readonly PersonalityId[] = RELEASES.map((release) => release.id);

const ref = (type: string, value: string): Moref => ({ type, value });

const HOST_CONTENT: Readonly<Record<string, Moref>> = {
  rootFolder: ref('Folder', 'ha-folder-root'),
  propertyCollector: ref('PropertyCollector', 'ha-property-collector'),
  viewManager: ref('ViewManager', 'ViewManager'),
  setting: ref('OptionManager', 'HostAgentSettings'),
  userDirectory: ref('UserDirectory', 'ha-user-directory'),
  sessionManager: ref('SessionManager', 'ha-sessionmgr'),
  authorizationManager: ref('AuthorizationManager', 'ha-authmgr'),
  perfManager: ref('PerformanceManager', 'ha-perfmgr'),
  eventManager: ref('EventManager', 'ha-eventmgr'),
  taskManager: ref('TaskManager', 'ha-taskmgr'),
  accountManager: ref('HostLocalAccountManager', 'ha-localacctmgr'),
  licenseManager: ref('LicenseManager', 'ha-license-manager'),
  searchIndex: ref('SearchIndex', 'ha-searchindex'),
  fileManager: ref('FileManager', 'ha-nfc-file-manager'),
  datastoreNamespaceManager: ref('DatastoreNamespaceManager', 'ha-datastore-namespace-manager'),
  virtualDiskManager: ref('VirtualDiskManager', 'ha-vdiskmanager'),
  ovfManager: ref('OvfManager', 'ha-ovf-manager'),
};

const CENTER_CONTENT: Readonly<Record<string, Moref>> = {
  rootFolder: ref('Folder', 'group-d1'),
  propertyCollector: ref('PropertyCollector', 'propertyCollector'),
  viewManager: ref('ViewManager', 'ViewManager'),
  setting: ref('OptionManager', 'VpxSettings'),
  userDirectory: ref('UserDirectory', 'UserDirectory'),
  sessionManager: ref('SessionManager', 'SessionManager'),
  authorizationManager: ref('AuthorizationManager', 'AuthorizationManager'),
  perfManager: ref('PerformanceManager', 'PerfMgr'),
  eventManager: ref('EventManager', 'EventManager'),
  taskManager: ref('TaskManager', 'TaskManager'),
  customizationSpecManager: ref('CustomizationSpecManager', 'CustomizationSpecManager'),
  licenseManager: ref('LicenseManager', 'LicenseManager'),
  searchIndex: ref('SearchIndex', 'SearchIndex'),
  fileManager: ref('FileManager', 'FileManager'),
  datastoreNamespaceManager: ref('DatastoreNamespaceManager', 'DatastoreNamespaceManager'),
  virtualDiskManager: ref('VirtualDiskManager', 'virtualDiskManager'),
  ovfManager: ref('OvfManager', 'OvfManager'),
};

export function findPersonality(id: PersonalityId): Personality {
  const release = RELEASES.find((candidate) => candidate.id === id);
  if (release === undefined) throw new RangeError(`Unknown personality ${id}; known: ${PERSONALITY_IDS.join(', ')}.`);
  const isCenter = id === 'vcenter-8.0';
  const product = isCenter ? 'VMware vCenter Server' : 'VMware ESXi';
  return {
    id,
    apiType: isCenter ? 'VirtualCenter' : 'HostAgent',
    apiVersion: release.apiVersion,
    priorVersions: API_VERSIONS.slice(0, API_VERSIONS.indexOf(release.apiVersion)).toReversed(),
    connectionCap: release.connectionCap,
    content: isCenter ? CENTER_CONTENT : HOST_CONTENT,
    about: {
      name: product,
      fullName: `${product} ${release.version} build-${release.build}`,
      vendor: 'VMware, Inc.',
      version: release.version,
      build: release.build,
      localeVersion: 'INTL',
      localeBuild: '000',
      osType: isCenter ? 'linux-x64' : 'vmnix-x86',
      productLineId: isCenter ? 'vpx' : 'embeddedEsx',
      apiType: isCenter ? 'VirtualCenter' : 'HostAgent',
      apiVersion: release.aboutApiVersion,
      ...(isCenter ? { instanceUuid: '6f1c6ad0-5d0e-4f57-9d1f-0d3a2f6c8e11' } : {}),
      licenseProductName: isCenter ? 'VMware VirtualCenter Server' : 'VMware ESX Server',
      licenseProductVersion: release.version.slice(0, 3),
    },
  };
}
