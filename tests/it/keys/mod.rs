mod create;
mod revoke;
