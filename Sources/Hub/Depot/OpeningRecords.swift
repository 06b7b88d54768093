import Attestation
import Depot
import Grants
import HubStorage

/// The openings that hosts have reported.
struct OpeningRecords {
    /// An opening that is on record.
    struct Opening: Hashable {
        let grant: String
        let requestor: String
        let deadline: Moment
    }

    /// The difference that a status makes.
    struct Difference {
        var opened: [HostStatus.OpenGrant] = []
        var closed: [Opening] = []
    }

    let statements: any Statements

    /// Brings the openings of a host to what its status says.
    func update(
        _ host: ShelfName,
        to status: HostStatus,
        at now: Moment
    ) throws(StorageError) -> Difference {
        let known = try open(on: host)
        let listed = Set(status.grants.open.map(\.id.description))
        var difference = Difference()
        for grant in status.grants.open where known[grant.id.description] == nil {
            try add(grant, on: host)
            difference.opened.append(grant)
        }
        for opening in known.values.sorted(by: { $0.grant < $1.grant })
        where !listed.contains(opening.grant) && status.leavesOut(opening) == false {
            try close(opening, on: host, at: now)
            difference.closed.append(opening)
        }
        return difference
    }

    private func open(on host: ShelfName) throws(StorageError) -> [String: Opening] {
        let rows = try statements.rows(
            "SELECT grant_id, requestor, deadline FROM opening WHERE host = $1 AND closed IS NULL",
            [.text(host.description)]
        )
        var openings: [String: Opening] = [:]
        for row in rows {
            let grant = try row.text(0)
            openings[grant] = Opening(
                grant: grant,
                requestor: try row.text(1),
                deadline: try row.moment(2)
            )
        }
        return openings
    }

    private func add(_ grant: HostStatus.OpenGrant, on host: ShelfName) throws(StorageError) {
        try statements.run(
            """
            INSERT INTO opening (host, grant_id, requestor, opened, deadline, closed)
            VALUES ($1, $2, $3, $4, $5, NULL)
            ON CONFLICT (host, grant_id) DO UPDATE SET deadline = excluded.deadline, closed = NULL
            """,
            [
                .text(host.description), .text(grant.id.description), .text(grant.requestor),
                .integer(grant.opened.microseconds), .integer(grant.deadline.microseconds),
            ]
        )
    }

    private func close(
        _ opening: Opening,
        on host: ShelfName,
        at now: Moment
    ) throws(StorageError) {
        try statements.run(
            "UPDATE opening SET closed = $1 WHERE host = $2 AND grant_id = $3",
            [.integer(now.microseconds), .text(host.description), .text(opening.grant)]
        )
    }

    /// The uses of all hosts: those since a moment, and the last of each.
    func uses(since: Moment) throws(StorageError) -> [ShelfName: HostUse] {
        let rows = try statements.rows(
            """
            SELECT host, requestor, opened FROM opening WHERE opened >= $1
            UNION
            SELECT o.host, o.requestor, o.opened FROM opening o JOIN
                (SELECT host, MAX(opened) AS latest FROM opening GROUP BY host) l
                ON o.host = l.host AND o.opened = l.latest
            """,
            [.integer(since.microseconds)]
        )
        var uses: [ShelfName: HostUse] = [:]
        for row in rows {
            guard let host = ShelfName(try row.text(0)) else { continue }
            uses[host, default: HostUse()].add(try row.text(1), at: try row.moment(2))
        }
        return uses
    }
}

extension HostStatus {
    /// True if an opening may be one that the list had no room for: those that end last are left out.
    fileprivate func leavesOut(_ opening: OpeningRecords.Opening) -> Bool {
        guard leftOut[.open] ?? 0 > 0 else { return false }
        return grants.open.last.map { opening.deadline >= $0.deadline } ?? true
    }
}

/// The use of a host by people.
struct HostUse: Hashable, Sendable {
    static let period: Duration = .seconds(7 * 86_400)

    private(set) var lastUser: String?
    private(set) var lastUse: Moment?
    private var recent: [Moment] = []

    mutating func add(_ user: String, at moment: Moment) {
        if lastUse.map({ $0 <= moment }) ?? true { (lastUser, lastUse) = (user, moment) }
        recent.removeAll { $0 + Self.period < moment }
        recent.append(moment)
    }

    /// The number of openings in the seven days before now.
    func count(at now: Moment) -> Int { recent.count { $0 + Self.period >= now } }
}
