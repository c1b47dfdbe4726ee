/**
 * What a role may do. Not a ladder: an ingest key sits in the application that serves the model, where it leaks most
 * easily, so it can bring rows and ask for predictions but read nothing back.
 */
import { ROLES, type Role } from '../vocabulary.ts';

export const PERMISSIONS = ['read', 'ingest', 'operate', 'administer'] as const;
/** read: see everything but keys. ingest: predictions, feedback, labelled rows, predict. operate: trigger, approve, cancel, roll back, acknowledge. administer: models and keys. */
export type Permission = (typeof PERMISSIONS)[number];

const MAY: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  ingest: ['ingest'],
  operator: ['read', 'ingest', 'operate'],
  admin: ['read', 'ingest', 'operate', 'administer'],
};

export function may(role: Role, permission: Permission): boolean {
  return MAY[role].includes(permission);
}

/** The roles that may, for the message to one that may not. */
export function rolesThatMay(permission: Permission): Role[] {
  return ROLES.filter((role) => may(role, permission));
}
