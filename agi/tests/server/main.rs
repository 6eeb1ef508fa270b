//! Whole calls over a real socket, with the Asterisk end in the test's hands.

#[cfg(test)]
mod asterisk;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod hang_ups;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod outcomes;
#[cfg(test)]
mod program;
#[cfg(test)]
mod queue;
#[cfg(test)]
mod site;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod throttling;
