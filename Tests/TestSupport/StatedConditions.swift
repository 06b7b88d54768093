package import StrictJSON

extension JSONValue {
    /// The conditions of a severity that a status or a diagnosis has, each as message and remedy.
    package func conditions(_ severity: String = "error") -> [String] {
        (self["conditions"]?.items ?? []).filter { $0["severity"]?.text == severity }.map {
            [$0["message"]?.text, $0["remedy"]?.text].compactMap(\.self).joined(separator: "; ")
        }
    }
}

extension AgentHost {
    /// The conditions of a severity that the agent states.
    package func conditions(_ severity: String = "error") throws -> [String] {
        try JSONNode.parse(jitgate("status", "--json").output).value.conditions(severity)
    }
}
