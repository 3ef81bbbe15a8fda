/** Names that are fixed on the wire, apart from types and methods. */

export const VIM_NAMESPACE = 'urn:vim25';
export const SOAP_NAMESPACE = 'http://schemas.xmlsoap.org/soap/envelope/';
export const XSD_NAMESPACE = 'http://www.w3.org/2001/XMLSchema';
export const XSI_NAMESPACE = 'http://www.w3.org/2001/XMLSchema-instance';

export const SDK_PATH = '/sdk';
/** Readable without signing in. */
export const SERVICE_VERSIONS_PATH = '/sdk/vimServiceVersions.xml';
/** `GET /screen?id=<moid>&w=<px>&h=<px>` answers a PNG. */
export const SCREEN_PATH = '/screen';
/** `GET /folder/<path>?dsName=<datastore>&dcPath=<datacenter>` answers a file of a datastore. */
export const FOLDER_PATH = '/folder';
/** `wss://<host>/ticket/<ticket>` */
export const TICKET_PATH = '/ticket/';
/** Real hosts send the value in double quotes and want it back in them. */
export const SESSION_COOKIE = 'vmware_soap_session';
export const SOAP_CONTENT_TYPE = 'text/xml; charset="utf-8"';

/** The only object whose id is known before asking. All others come from its content and differ between products. */
export const SERVICE_INSTANCE = { type: 'ServiceInstance', value: 'ServiceInstance' } as const;

/** Path name of the one datacenter that a standalone host has. */
export const HOST_DATACENTER_PATH = 'ha-datacenter';
