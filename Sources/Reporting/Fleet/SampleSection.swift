import Auditing
import Grants
import HTMLWriter

/// A sample of openings, each with its evidence.
struct SampleSection {
    let report: FleetReport

    private var sample: OpeningSample { report.model.sample }

    func write(to main: inout Markup) {
        main.section("sample", "Sample") { section in
            guard sample.size > 0 else {
                return section.element("p", "No sample was asked for (--sample, --seed).")
            }
            section.element("p", method)
            section.facts([("Check of a rank", Self.command), ("Seed", sample.seed)])
            for (number, item) in sample.items.enumerated() {
                show(item, number + 1, in: &section)
            }
        }
    }

    private var method: String {
        "\(sample.items.count) of \(sample.population.counting("opening")), drawn by the seed: the "
            + "openings whose SHA-256 of seed, host and grant, each with a line feed after it, is "
            + "lowest. The same seed and the same records give the same sample."
    }

    private static let command = "printf '%s\\n' SEED HOST GRANT | sha256sum"

    private func show(_ item: SampledOpening, _ number: Int, in section: inout Markup) {
        let (host, timeline) = (item.opening.host, item.opening.timeline)
        section.element("h3", "\(number). \(host), grant \(timeline.id)")
        section.element("p") { $0.mark(item.log.outcome.style, "Log: \(item.log.outcome.words)") }
        section.table("Opening \(number)", head: OpeningCells.head, rows: [timeline]) { row, item in
            OpeningCells(end: report.model.period.end).write(&row, item)
        }
        section.facts(facts(item))
        evidence(item, in: &section)
    }

    private func facts(_ item: SampledOpening) -> [(String, String)] {
        let timeline = item.opening.timeline
        let events: [(AuditEvent, String)] = [
            (.grantAccepted, "accepted"), (.grantOpened, "opened"), (.grantClosed, "closed"),
        ]
        let records = events.compactMap { event, name in
            item.trail.records[event].map { "\(name) \($0)" }
        }
        let checkpoint = item.log.size.map { "\($0) \(item.log.root ?? "")" }
        return [
            ("Rank", item.rank), ("Requested by", timeline.requestor),
            ("Signed by", timeline.signers.joined(separator: ", ")),
            ("Ticket", timeline.ticket.isEmpty ? "\u{2013}" : timeline.ticket),
            ("Records", records.isEmpty ? "\u{2013}" : records.joined(separator: ", ")),
            ("SHA-256 of the file", item.trail.digest.isEmpty ? "\u{2013}" : item.trail.digest),
            ("Checkpoint", checkpoint ?? "\u{2013}"),
        ]
    }

    private func evidence(_ item: SampledOpening, in section: inout Markup) {
        guard let file = item.trail.file else {
            let text = "The record with the signed file is not in the log that was collected."
            return section.element("p", ["class": "warn"], text)
        }
        section.element("details") { details in
            details.element("summary") { $0.element("b", "The signed file, as it was accepted") }
            details.preformatted(file)
        }
        section.element("details") { details in
            details.element("summary") { $0.element("b", "The lines of allowed_signers") }
            details.preformatted(item.trail.signers.joined(separator: "\n"))
        }
    }
}

/// The method by which the report was made, and the way to check it.
struct MethodSection {
    let report: FleetReport

    func write(to main: inout Markup) {
        main.section("method", "Method") { section in
            section.facts(facts)
            section.element("ul") { list in
                for text in Self.texts + bounds { list.element("li", text) }
            }
        }
    }

    private var facts: [(String, String)] {
        let context = report.context
        return [
            ("Report made", "\(context.made.shown) UTC"),
            ("Logs", context.logs ?? "none were named (--logs)"),
            ("Witness", context.witness ?? "none was named (--witness)"),
        ]
    }

    private static let texts = [
        "The population is the inventory of the fleet. The state of a host is by the status that it "
            + "signed with the key of the inventory, when the report was made.",
        "Each log is read from the copy that the auditor collected, by the code of `jitgate audit "
            + "verify`: every record as its checkpoint signs it, every signature as of the time of "
            + "its record, every opening by the policy of then. The key is that of the inventory.",
        "A log counts as verified if its tree also has the root of each checkpoint that the witness "
            + "has seen of the host, computed again at that number of records. Records that its own "
            + "checkpoint does not sign yet are left out.",
        "To check one record without this report: jitgate audit prove NUMBER --log LOGS/HOST, and "
            + "docs/VERIFYING.md for ssh-keygen and other tools.",
    ]

    private var bounds: [String] {
        [
            "At most \(FleetReportModel.openingBound) openings are listed, the latest, and at most "
                + "\(FleetReportModel.bound) items of any other list; each list says how many there "
                + "are. Numbers and the sample are of all."
        ]
    }
}
