/// Bytes as keys, a digit or star as itself. Most are keys that addresses are made of: those go furthest.
pub fn keys(bytes: &[u8]) -> String {
    const KEYS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '*', '*', '#', 'a', 'é'];
    bytes.iter().map(|byte| KEYS[usize::from(byte % 16)]).collect()
}
