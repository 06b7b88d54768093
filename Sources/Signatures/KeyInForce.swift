import Grants

/// The key of a signature, and the line of allowed_signers by which it may sign.
struct KeyInForce {
    let key: PublicKey
    /// The type of the key, or of its certificate.
    let type: String
    /// The name that the records give the signer.
    let principal: String
    let principals: PatternList
    let signer: SignerIdentity
    /// All lines of allowed_signers that the signature rests on.
    let lines: [String]
    let certificate: Certificate?

    /// The key that a line lists.
    init(_ line: AllowedSigner, of listed: ListedKey) {
        key = line.key
        type = line.keyType
        principal = line.principal
        principals = line.principals
        signer = listed.signer
        lines = listed.lines.map(\.line)
        certificate = nil
    }

    /// The key that an authority certified, by a line that lets it certify one of the principals;
    /// `own` are the lines that list the key by itself, whose names are the signer's, too.
    init(
        _ certificate: Certificate,
        by line: AllowedSigner,
        of authority: ListedKey,
        own: ListedKey?
    ) throws(SignatureError) {
        let certifiable = line.certifiable(certificate.principals)
        key = try PublicKey(certificate.form)
        type = certificate.type
        principal = certifiable.first ?? ""
        principals = PatternList(name: principal)
        let ownLines = own?.lines ?? []
        signer = SignerIdentity(
            certificate,
            certifiable: certifiable,
            lines: ownLines.map(\.principals)
        )
        lines = (authority.lines + ownLines).map(\.line)
        self.certificate = certificate
    }
}

extension VerifiedSignature {
    init(
        _ namespace: SignatureNamespace,
        by found: KeyInForce,
        inBrowser browser: BrowserSignature?
    ) {
        self.init(
            namespace: namespace,
            principal: found.principal,
            principals: found.principals,
            keyType: found.type,
            kind: browser != nil
                ? .webauthn
                : found.certificate != nil ? .certificate : found.key.isOnToken ? .sk : .key,
            signer: found.signer,
            lines: found.lines,
            certificate: found.certificate.map { certificate in
                CertificateIdentity(
                    serial: certificate.serial,
                    keyID: certificate.keyID,
                    authority: SSHSignature.fingerprint(of: certificate.authority)
                )
            },
            browser: browser
        )
    }
}

extension ListedKey {
    /// The first line that allows the key to sign for the namespace now; of an authority, one that
    /// lets it certify one of the principals.
    func line(
        for namespace: SignatureNamespace,
        certifying certificate: Certificate? = nil,
        at now: Moment
    ) throws(SignatureError) -> AllowedSigner {
        var lapse: SignatureError?
        let named = lines.filter { line in
            certificate.map { !line.certifiable($0.principals).isEmpty } ?? true
        }
        if let certificate, named.isEmpty { throw notCertifiable(certificate) }
        for line in named where line.maySign(for: namespace) {
            guard let reason = line.lapse(at: now) else { return line }
            lapse = lapse ?? reason
        }
        throw lapse ?? notAllowed(for: namespace, named)
    }

    private func notCertifiable(_ certificate: Certificate) -> SignatureError {
        let names = certificate.principals.prefix(8).map(\.debugDescription)
        let patterns = lines.map(\.principalText.debugDescription)
        return SignatureError(
            .notAllowed,
            "no principal of the certificate (\(names.joined(separator: ", "))) matches a line of its"
                + " CA in allowed_signers (\(patterns.joined(separator: ", ")))"
        )
    }

    private func notAllowed(
        for namespace: SignatureNamespace,
        _ lines: [AllowedSigner]
    ) -> SignatureError {
        let name = (lines.first?.principalText ?? "").debugDescription
        let names = lines.allSatisfy { $0.options.namespaces != nil }
        let reason =
            names
            ? "its line in allowed_signers has other namespaces"
            : "its line in allowed_signers has to name that in `namespaces=`"
        return SignatureError(
            .notAllowed,
            "\(name) may not sign for \(namespace.rawValue); \(reason)"
        )
    }
}
