import CommandSupport
import Grants
import Requests
import Robot
import Signatures
import StrictJSON

/// The rounds of a robot: each looks at all pending requests that wait for its answer.
struct RobotRounds {
    /// The most requests of one round.
    private static let most = 1000
    /// The time after which a request that was left is looked at again.
    private static let pause: Duration = .seconds(60)

    let client: HubClient
    let signers: SignatureVerifier
    let checks: CheckDirectory
    let format: FormatOptions
    let console: Console
    /// The requests that need no look before a moment; those that are answered never do.
    private var looked: [GrantID: Moment] = [:]

    init(
        client: HubClient,
        signers: SignatureVerifier,
        checks: CheckDirectory,
        format: FormatOptions,
        console: Console
    ) {
        (self.client, self.signers, self.checks) = (client, signers, checks)
        (self.format, self.console) = (format, console)
    }

    /// Answers all requests; returns whether each has its answer.
    mutating func answerAll() throws(CommandFailure) -> Bool {
        let filters: [(name: String, value: String?)] = [("state", "pending")]
        let pending = try RequestList(client: client, filters: filters).read(atMost: Self.most)
        var isComplete = true
        for request in pending where looked[request.id] ?? .earliest <= console.now() {
            guard !request.approvers.contains(client.name ?? "") else { continue }
            isComplete = try answer(request) && isComplete
        }
        let ids = Set(pending.map(\.id))
        looked = looked.filter { ids.contains($0.key) }
        return isComplete
    }

    /// The moment at which a request that was left is looked at again; `nil` while there is none.
    var nextLook: Moment? { looked.values.filter { $0 != .latest }.min() }

    private mutating func answer(_ request: HubRequest) throws(CommandFailure) -> Bool {
        let judgement = try judge(request)
        var word = "left"
        do throws(CommandFailure) {
            word = try carryOut(judgement)
        } catch  where ![.unavailable, .temporary].contains(error.status) {
            // The hub or ssh-keygen said no to this one; the others have their turn.
            report(judgement, "failed: \(error.message)")
            looked[request.id] = console.now() + Self.pause
            return false
        }
        report(judgement, word)
        // Evidence that is on its way is looked for in each round.
        let pause = judgement.isAwaitingEvidence ? .zero : Self.pause
        looked[request.id] = word == "left" ? console.now() + pause : .latest
        return word != "left"
    }

    /// A request with what the checks said of it.
    private struct Judgement {
        let id: GrantID
        var request: CheckedRequest?
        var results: [NamedAnswer] = []
        var isAwaitingEvidence = false
        let verdict: RobotVerdict
    }

    private func judge(_ request: HubRequest) throws(CommandFailure) -> Judgement {
        let checked: CheckedRequest
        do throws(CommandFailure) {
            checked = try CheckedRequest(request, of: request.id)
        } catch {
            return Judgement(id: request.id, verdict: .leave(reason: error.message))
        }
        let signatures = RequestSignatures(
            file: try client.bytes("/v1/requests/\(request.id)/file"),
            signers: signers
        )
        let verified = signatures.verified(over: checked.payload, at: console.now())
        let isSigned = verified.contains {
            $0.namespace == .request && $0.signer.isNamed(checked.grant.requestor)
        }
        guard isSigned else {
            let reason = "it is not signed by its requestor, \(checked.grant.requestor)"
            return Judgement(id: request.id, verdict: .leave(reason: reason))
        }
        let evidence = try HubEvidence(of: request.id, from: client)
        guard !evidence.isAwaited else {
            let reason = "its evidence has not come yet"
            return Judgement(
                id: request.id,
                isAwaitingEvidence: true,
                verdict: .leave(reason: reason)
            )
        }
        let outlook = request.value["outlook"] ?? .null
        let results = try ask(about: checked, verified, outlook, evidence)
        return Judgement(
            id: request.id,
            request: checked,
            results: results,
            verdict: RobotVerdict(results, of: checked.grant)
        )
    }

    private func ask(
        about request: CheckedRequest,
        _ signatures: [VerifiedSignature],
        _ outlook: JSONValue,
        _ evidence: HubEvidence
    ) throws(CommandFailure) -> [NamedAnswer] {
        let question = CheckQuestion(
            payload: try HubAnswer.json(request.payload, from: client.url),
            sha256: request.digest,
            signatures: signatures,
            outlook: outlook,
            evidence: evidence.text,
            address: evidence.address,
            hub: client.url,
            at: console.now()
        )
        do throws(CheckDirectoryError) {
            return try checks.ask(question)
        } catch {
            throw .unusable(error)
        }
    }

    /// Sends the signature or the decision; returns what was done, in a word.
    private func carryOut(_ judgement: Judgement) throws(CommandFailure) -> String {
        guard let request = judgement.request else { return "left" }
        switch judgement.verdict {
        case .leave: return "left"
        case .sign:
            let signature = try client.signer().sign(request.payload, for: .grant)
            let path = "/v1/requests/\(judgement.id)/signatures"
            _ = try client.post(path, .signature(signature))
            return "signed"
        case .deny(let reason):
            _ = try Decision(client: client, id: judgement.id, reason: reason).send(.deny, request)
            return "denied"
        }
    }

    private func report(_ judgement: Judgement, _ word: String) {
        let reason =
            switch judgement.verdict {
            case .sign(let text), .deny(let text), .leave(let text): text
            }
        guard format.json else {
            return console.print(DisplayText.safe("\(judgement.id)  \(word)  \(reason)"))
        }
        let line: JSONValue = [
            "time": .string(console.now().description),
            "request": .string(judgement.id.description), "answer": .string(word),
            "sha256": .optional(judgement.request?.digest), "reason": .string(reason),
            "checks": .array(judgement.results.map(\.json)),
        ]
        console.write(line.encoded() + [UInt8(ascii: "\n")])
    }
}

/// The evidence of a request as a hub has it, and the address that it says the request came from.
private struct HubEvidence {
    let text: String?
    let address: String?
    /// True if the requestor has said that a text will come, and none is there.
    let isAwaited: Bool

    /// Asks the hub; one of before this call has none.
    init(of id: GrantID, from client: HubClient) throws(CommandFailure) {
        var value = JSONValue.null
        do throws(CommandFailure) {
            value = try client.get("/v1/requests/\(id)/evidence")
        } catch  where error.status == .no {}
        (text, address) = (value["evidence"]?.text, value["address"]?.text)
        isAwaited = text == nil && value["expected"]?.flag == true
    }
}

/// The signatures of a file, each verified by itself: one of a stranger takes nothing from the others.
struct RequestSignatures {
    private static let begin = "-----BEGIN SSH SIGNATURE-----"

    let file: [UInt8]
    let signers: SignatureVerifier

    /// The signatures that hold over `payload`.
    func verified(over payload: [UInt8], at now: Moment) -> [VerifiedSignature] {
        guard file.starts(with: payload) else { return [] }
        let text = String(decoding: file.dropFirst(payload.count), as: UTF8.self)
        let armors = text.split(separator: Self.begin).map { Self.begin + $0 }
        return armors.prefix(SignedFile.signatureLimit).flatMap { armor in
            (try? signers.verify(payload + Array(armor.utf8), at: now))?.signatures ?? []
        }
    }
}

extension Moment {
    fileprivate static let earliest = Moment(microseconds: .min)
    fileprivate static let latest = Moment(microseconds: .max)
}
