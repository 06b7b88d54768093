import Admission
import ArgumentParser
import CommandSupport
import FetchSettings
import Grants
import Robot
import StrictJSON
import Transfer
import WorkloadIdentity

struct CheckCICommand: JitgateCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-ci",
        abstract: "As a check of a robot: allow access for jobs of continuous integration.",
        discussion: """
            It reads the question of `jitgate-fleet robot` on its standard input, verifies the token \
            that the job sent as its evidence (OpenID Connect; RS256 or ES256), and prints the answer: \
            allow for --for from now, if issuer, audience, times and every --claim are right. In a \
            pattern * is any text and ? one character. {sha256} in --audience is the SHA-256 of the \
            request: GitHub lets a job choose the audience when it asks for a token, and such a token is \
            good for that request alone; that of GitLab is fixed in .gitlab-ci.yml. A request without \
            evidence, or of another than --requestor, is denied, or left to people with --pass-without.

            A job sends its token with `jitgate request --send --evidence -`. In GitHub Actions, with \
            `permissions: id-token: write`, and a program of checks.d for it:

              curl -sH "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
                "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=https://hub.example.com" | jq -r .value |
                jitgate request --send --evidence - --host web-1 --port 22/tcp --for 10m \\
                --expires +14m --reason deploy --wait

              exec jitgate-fleet check-ci \\
                --keys https://token.actions.githubusercontent.com/.well-known/jwks \\
                --issuer https://token.actions.githubusercontent.com \\
                --audience https://hub.example.com \\
                --claim repository=example/web --claim ref=refs/heads/main \\
                --claim environment=production --requestor ci-web --own-address

            In GitLab CI, with `id_tokens: {TOKEN: {aud: https://hub.example.com}}`:

              printf %s "$TOKEN" | jitgate request --send --evidence - ...

              exec jitgate-fleet check-ci --keys https://gitlab.example.com/oauth/discovery/keys \\
                --issuer https://gitlab.example.com --audience https://hub.example.com \\
                --claim project_path=example/web --claim ref_protected=true

            Exit status: 0 answered; 1 there is no answer, which means no; 2 usage; else as in \
            sysexits.h: 66 no input, 69 the keys cannot be had.
            """
    )

    @Option(
        help: ArgumentHelp("The keys of the issuer (JWKS).", valueName: "file|url"),
        completion: .file()
    )
    var keys: String

    @Option(help: ArgumentHelp("The issuer, `iss`.", valueName: "url"))
    var issuer: String

    @Option(
        help: ArgumentHelp("The audience, `aud`; {sha256} is the request's.", valueName: "text")
    )
    var audience: String

    @Option(
        help: ArgumentHelp("A claim that the token must have.", valueName: "name=pattern"),
        transform: ClaimRule.init(parsing:)
    )
    var claim: [ClaimRule] = []

    @Option(help: ArgumentHelp("The requestor whose jobs these are.", valueName: "name"))
    var requestor: String?

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp("How long access may last from now.", valueName: "time"),
        transform: Duration.init(parsing:)
    )
    var length: Duration = .seconds(900)

    @Flag(help: "Allow no source but the address that the hub saw the request come from.")
    var ownAddress = false

    @Flag(help: "Leave requests without evidence, or of others, to people.")
    var passWithout = false

    @Option(
        help: ArgumentHelp("The authorities of the issuer's certificate.", valueName: "file"),
        completion: .file()
    )
    var ca: String?

    func validate() throws {
        guard !claim.isEmpty else {
            throw ValidationError(
                "name at least one --claim: without one every job of the issuer would be allowed"
            )
        }
        guard length >= .seconds(1) else { throw ValidationError("--for takes a second at least") }
    }

    func perform(on console: Console) throws(CommandFailure) {
        let asked = try console.askedRequest()
        let answer = try answer(asked)
        console.write(answer.json.encoded() + [UInt8(ascii: "\n")])
    }

    private func answer(_ asked: AskedRequest) throws(CommandFailure) -> CheckAnswer {
        if let requestor, requestor.lowercased() != asked.requestor.lowercased() {
            return without("the requestor is not \(requestor)")
        }
        guard let evidence = asked.evidence else { return without("the request has no evidence") }
        let keys = try IssuerKeys(place: keys, authorities: ca).read()
        let rules = TokenRules(
            issuer: issuer,
            audience: audience.replacing("{sha256}", with: asked.sha256),
            claims: claim
        )
        let refusal = Waiting.result { () async -> IdentityError? in
            do throws(IdentityError) {
                try await rules.check(IdentityToken(parsing: evidence), by: keys, at: asked.now)
                return nil
            } catch {
                return error
            }
        }
        if let refusal { return .deny(reason: refusal.description) }
        guard !ownAddress || asked.isFromItsOnlySource else {
            return .deny(reason: "its source is not the address that the hub saw it come from")
        }
        let claims = claim.map { "\($0.name)=\($0.pattern.text)" }.joined(separator: ", ")
        return .allow(until: asked.now + length, reason: "a job with \(claims)")
    }

    private func without(_ reason: String) -> CheckAnswer {
        passWithout ? .pass(reason: reason) : .deny(reason: reason)
    }
}

/// The keys of an issuer, in a file or at a URL.
private struct IssuerKeys {
    let place: String
    let authorities: String?

    func read() throws(CommandFailure) -> IdentityKeys {
        let bytes =
            place.contains("://")
            ? try fetched() : try GrantFile.read(place, limit: IdentityKeys.limit)
        do throws(IdentityError) {
            return try IdentityKeys(parsing: bytes)
        } catch {
            throw CommandFailure(.no, "\(place): \(error)")
        }
    }

    private func fetched() throws(CommandFailure) -> [UInt8] {
        let url: String
        do throws(DepotURLError) {
            url = try DepotURL(place).description
        } catch {
            throw CommandFailure(.usage, "--keys: \(error.remedy)")
        }
        var request = Request(url, limit: IdentityKeys.limit)
        request.headers = [("Accept", "application/json")]
        let response = try HubOptions.answer(to: request, trusting: authorities)
        guard response.status == 200 else {
            throw CommandFailure(.unavailable, "\(url): the issuer answered \(response.status)")
        }
        return response.body
    }
}

extension AskedRequest {
    /// True if the one source of the request is the address that the hub saw it come from.
    fileprivate var isFromItsOnlySource: Bool {
        guard let address, let own = try? Prefix(parsing: address), sources.count == 1 else {
            return false
        }
        return (try? Prefix(parsing: sources[0])) == own
    }
}
