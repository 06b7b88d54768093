import Grants

/// Which records are asked for.
struct RecordFilter {
    var event: String?
    var grant: GrantID?
    /// At or after this.
    var since: Moment?
    /// Before this.
    var until: Moment?

    func takes(_ record: ShownRecord) -> Bool {
        if let event, record.event != event { return false }
        if let grant, !record.values("JITGATE_GRANT").contains(grant.description) { return false }
        guard since != nil || until != nil else { return true }
        guard let moment = record.moment else { return false }
        return since.map { moment >= $0 } ?? true && until.map { moment < $0 } ?? true
    }
}
