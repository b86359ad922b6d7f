'use strict';

// Options that would leave a guard weaker than its owner believes are refused when it is made.

const { GuardConfigurationError } = require('./secrets');

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^`|~-]+$/;

/** A misspelt option would be a check that is silently off. */
function checkNames(options, known) {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new GuardConfigurationError(`${unknown.join(', ')}: not an option. There are ${known.join(', ')}.`);
  }
}

function checkMode(mode) {
  if (mode !== 'enforce' && mode !== 'observe') {
    throw new GuardConfigurationError(`mode: ${JSON.stringify(mode)} is not known. Use 'enforce' or 'observe'.`);
  }
}

function checkHeader(header) {
  if (typeof header !== 'string' || !HEADER_NAME.test(header)) {
    throw new GuardConfigurationError(
      `header: ${JSON.stringify(header)} is not a usable name. Use letters, digits and hyphens, no underscore.`,
    );
  }
}

/** A text such as 'false', from an environment, would be true. */
function checkFlags(flags) {
  for (const [name, value] of Object.entries(flags)) {
    if (typeof value !== 'boolean') throw new GuardConfigurationError(`${name}: use true or false.`);
  }
}

/** Nothing is larger than what is not a number. */
function checkNumbers(numbers) {
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value) || value < 0) throw new GuardConfigurationError(`${name}: give a number, 0 or more.`);
  }
}

function checkTexts(texts) {
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value !== 'string' || value === '') {
      throw new GuardConfigurationError(`${name}: give a text. An unset variable is the usual reason.`);
    }
  }
}

/** A list of texts, or undefined. */
function checkList(name, value) {
  const isList = Array.isArray(value) && value.every((text) => typeof text === 'string' && text !== '');
  if (value !== undefined && !isList) throw new GuardConfigurationError(`${name}: give a list of texts.`);
}

function checkReplay(replay) {
  if (replay !== undefined && typeof replay?.first !== 'function') {
    throw new GuardConfigurationError('replay: give a store, which has a function first(key, until).');
  }
}

module.exports = {
  checkFlags, checkHeader, checkList, checkMode, checkNames, checkNumbers, checkReplay, checkTexts,
};
