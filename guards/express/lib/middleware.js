'use strict';

// What the guards do with a verdict: the middleware, and the listener of upgrades, which Express does not see.

const { checkMode } = require('./options');
const { refuse, refuseUpgrade, targetOf } = require('./problem');
const { GuardConfigurationError } = require('./secrets');

/** Notes the verdict on the request, logs what is or would be refused, and tells whether it goes on. */
function admit(req, verdict, { mode, log, what }) {
  req.wicketgateGuard = verdict;
  if (verdict === 'accepted') return true;
  const done = mode === 'observe' ? 'let through (observe mode)' : 'refused';
  const path = JSON.stringify(targetOf(req).split('?', 1)[0]);
  log.warn(`wicketgate guard: ${done} a request that is not the gateway's: ${what} ${verdict}, path ${path}`);
  return mode === 'observe';
}

/** What goes wrong in the judge is an error of ours: one that is only watching keeps it to itself. */
async function judged(judge, req, isUpgrade, { mode, log }) {
  try {
    return await judge(req, isUpgrade);
  } catch (error) {
    if (mode !== 'observe') throw error;
    log.error(`wicketgate guard: a request could not be judged: ${error.message}`);
    return 'not judged';
  }
}

function middleware(judge, manner) {
  return function guard(req, res, next) {
    judged(judge, req, false, manner)
      .then((verdict) => {
        // Somebody else has answered meanwhile, or the caller has left.
        if (res.headersSent || res.destroyed) return;
        if (admit(req, verdict, manner)) next();
        else refuse(req, res);
      })
      .catch(next);
  };
}

/** Calls the handler for what is admitted and never otherwise: there is no answer that somebody could misread. */
function upgrades(judge, manner, handler) {
  return function onUpgrade(req, socket, head) {
    // Node listens no more, and an error that nobody listens to ends the process.
    const ignore = () => {};
    socket.on('error', ignore);
    judged(judge, req, true, manner).then(
      (verdict) => {
        if (socket.destroyed) return;
        if (!admit(req, verdict, manner)) return refuseUpgrade(req, socket);
        socket.off('error', ignore);
        handler(req, socket, head);
      },
      (error) => {
        manner.log.error(`wicketgate guard: an upgrade could not be judged: ${error.message}`);
        socket.destroy();
      },
    );
  };
}

/**
 * Makes a guard of a judge: a function that gives the verdict of a request, or its promise, and is told whether the
 * request is an upgrade.
 */
function guardOf(judge, { mode = 'enforce', logger: log = console }, what) {
  checkMode(mode);
  const manner = { mode, log, what };
  const guard = middleware(judge, manner);
  guard.mode = mode;
  guard.upgrade = (handler) => {
    if (typeof handler === 'function') return upgrades(judge, manner, handler);
    throw new GuardConfigurationError("upgrade: give a function: server.on('upgrade', guard.upgrade(handler)).");
  };
  return guard;
}

/** An origin that is only watching is not sealed, and its log must say so from the first line. */
function announce({ mode = 'enforce', logger: log = console }, text) {
  log[mode === 'observe' ? 'warn' : 'info'](`wicketgate guard: mode ${mode}, ${text}`);
}

module.exports = { announce, guardOf };
