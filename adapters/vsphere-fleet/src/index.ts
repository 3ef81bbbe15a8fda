export {
  createVsphereLinks,
  DEFAULT_VSPHERE_LINKS_OPTIONS,
  type VsphereLinksDependencies,
  type VsphereLinksOptions,
} from './create-vsphere-links.ts';
