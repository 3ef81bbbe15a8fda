export { DATA_TYPES } from './data-types.ts';
export { ENUM_TYPES } from './enum-types.ts';
export { API_VERSIONS, type ApiVersion, type DataType, type Field, type ManagedType, type Method, type Primitive } from './form.ts';
export { MANAGED_TYPES } from './managed-types.ts';
export { METHODS } from './methods.ts';
export {
  FOLDER_PATH,
  HOST_DATACENTER_PATH,
  SCREEN_PATH,
  SDK_PATH,
  SERVICE_INSTANCE,
  SERVICE_VERSIONS_PATH,
  SESSION_COOKIE,
  SOAP_CONTENT_TYPE,
  SOAP_NAMESPACE,
  TICKET_PATH,
  VIM_NAMESPACE,
  XSD_NAMESPACE,
  XSI_NAMESPACE,
} from './names.ts';
export type {
  Arguments,
  DataTypeName,
  Encodable,
  ManagedTypeName,
  MethodName,
  Moref,
  Result,
  Value,
} from './shapes.ts';
