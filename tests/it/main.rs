//! What the product promises, over HTTP, in the words of the domain. One binary; each test has a
//! register of its own, copied from a template.

#[allow(dead_code)]
mod support;
mod figures;
mod imports;
mod legacy;
mod templates;
mod undo;
mod inputs;
mod access;
mod access_areas;
mod access_cases;
mod holders;
mod accounts;
mod areas;
mod contract;
mod migrations;
mod start;
mod walk;
mod lifecycle;
mod lists;
mod audit;
mod exports;
mod duplicates;
mod moves;
mod proof;
mod criteria;
mod decisions;
mod progress;
mod quality;
mod random;
mod reported;
mod targets;
mod past_days;
mod boundaries;
mod splits;
mod hamlets;
mod annulment;
mod corrections;
mod history;
mod rounds;
mod difficult;
mod reforms;
mod people;
mod account_lists;
mod conditional;
