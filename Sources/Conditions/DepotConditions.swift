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
