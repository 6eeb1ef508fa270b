//! The Debian package, on a Debian of its own that its own systemd has booted: installed, used, upgraded, removed, purged.

#[cfg(test)]
mod built;
#[cfg(test)]
mod control_group;
#[cfg(test)]
mod life;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod peer;
