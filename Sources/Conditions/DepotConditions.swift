package import Grants

/// Conditions of the carrier that fills an inbox from a depot.
package enum DepotConditions {
    /// No files come from a depot.
    package static func depotSilent(
        _ inbox: String,
        _ depot: String,
        since: Moment,
        because reason: String
    ) -> Condition {
        Condition(
            .depotSilent,
            inbox,
            "nothing comes from \(depot) since \(since.wholeSecond), so neither grants nor"
                + " revocations reach this host: \(reason)",
            mend: "journalctl -u jitgate-fetch; what is open stays open until its deadline"
        )
        .since(since)
    }

    /// No bulletin of the fleet is fresh, so grants that come by inboxes wait.
    ///
    /// `issued` is that of the newest one, `limit` the age that it may have.
    package static func bulletinStale(
        _ fleet: String,
        issued: Moment?,
        limit: Duration
    ) -> Condition {
        let newest =
            issued.map {
                "the newest bulletin of the fleet \(fleet) was issued at \($0.wholeSecond)"
            }
            ?? "no bulletin of the fleet \(fleet) has come"
        return Condition(
            .bulletinStale,
            fleet,
            "\(newest), and one of the last \(limit.shortText) is needed: grants that come by an inbox"
                + " wait",
            mend:
                "journalctl -u jitgate-fetch; jitgate-fleet bulletin --fleet \(fleet); a file that"
                + " root drops does not wait"
        )
    }

    /// There is no room for another key that a bulletin revokes.
    package static func revokedKeysFull(_ count: Int) -> Condition {
        Condition(
            .revokedKeysFull,
            "keys",
            "bulletins have revoked \(count) keys, which are as many as are kept: the host forgets further"
                + " ones when the agent restarts",
            mend: "list keys in [grants] revoked_keys; sudo jitgate unbar --key SHA256:…"
        )
    }

    /// The depot answers, and some of what it should have does not arrive.
    package static func depotIncomplete(
        _ inbox: String,
        _ depot: String,
        since: Moment,
        because reason: String
    ) -> Condition {
        Condition(
            .depotIncomplete,
            inbox,
            "since \(since.wholeSecond) not all that \(depot) offers reaches this host: \(reason)",
            mend:
                "mend the depot, or [depot] in fetch.toml; what is open stays open until its deadline"
        )
        .since(since)
    }

    /// The client certificate by which a depot knows the host expires soon, or has expired.
    package static func certificateExpires(_ inbox: String, _ end: Moment) -> Condition {
        Condition(
            .depotCertificateExpires,
            inbox,
            "the client certificate for the depot is valid until \(end.wholeSecond) alone",
            mend: "renew the file of [depot] certificate in fetch.toml; no restart is needed"
        )
    }
}
